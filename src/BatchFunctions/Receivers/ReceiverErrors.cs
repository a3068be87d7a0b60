using BatchFunctions.Configuration;
using BatchFunctions.Http;

namespace BatchFunctions.Receivers;

/// <summary>The errors of requests that would have events sent.</summary>
internal static class ReceiverErrors
{
    private static ApiError AreOff { get; } = new(
        403,
        ApiError.InvalidRequestType,
        "This service sends no events: whoever operates it has switched webhooks off (Batch__Webhooks__MaxEndpoints). Ask for the batch's status instead.",
        null,
        "webhooks_disabled");

    /// <summary>Refuses what would have an event sent where none is.</summary>
    /// <exception cref="ApiException">Webhooks are switched off.</exception>
    public static void ThrowIfOff(WebhookOptions options)
    {
        if (!options.AreOn)
        {
            throw new ApiException(AreOff);
        }
    }
}
