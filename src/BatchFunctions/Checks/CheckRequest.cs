using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Checks;

/// <summary>What a request to check a file asks for.</summary>
/// <param name="Endpoint">The batch's endpoint; null to take it from the first line.</param>
/// <param name="After">The place to go on from, as it was given; null for the beginning.</param>
internal sealed record CheckRequest(string? Endpoint, string? After)
{
    /// <summary>The properties of the request.</summary>
    public static readonly string[] Properties = ["endpoint", "after"];

    /// <summary>Reads the body; without one nothing in particular is asked for.</summary>
    /// <exception cref="ApiException">It is not valid.</exception>
    public static async Task<CheckRequest> ReadAsync(HttpRequest request, IReadOnlyCollection<string> endpoints, CancellationToken ct)
    {
        var body = await ApiBody.ReadOptionalAsync(request, Properties, ct);
        var endpoint = body.OptionalString("endpoint");
        return endpoint is null || endpoints.Contains(endpoint, StringComparer.Ordinal)
            ? new CheckRequest(endpoint, body.OptionalString("after"))
            : throw new ApiException(ApiError.Unsupported("endpoint", ApiError.Shown(endpoint), endpoints));
    }
}
