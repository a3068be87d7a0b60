using System.ComponentModel.DataAnnotations;
using BatchFunctions.Batches;

namespace BatchFunctions.Webhooks;

/// <summary>The types of events, named as OpenAI does: one for each way in which a batch ends.</summary>
internal static class EventTypes
{
    private const string Prefix = "batch.";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Of(BatchStatus.Completed), Of(BatchStatus.Failed), Of(BatchStatus.Expired), Of(BatchStatus.Cancelled)];

    /// <summary>The type of the event that a batch has ended.</summary>
    public static string Of(BatchStatus ended) => Prefix + ended.Wire();
}

/// <summary>Declares that a property is the name of a type of events.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EventTypesAttribute() : AllowedValuesAttribute([.. EventTypes.All]);
