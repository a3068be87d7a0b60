using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Batches;

/// <summary>A batch's status; the API names it in lower case with underscores.</summary>
internal enum BatchStatus
{
    Validating,
    Failed,
    InProgress,
    Finalizing,
    Completed,
    Expired,
    Cancelling,
    Cancelled,
}

internal static class BatchStatusNames
{
    private static readonly string[] Names =
        ["validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"];

    public static IReadOnlyList<string> All => Names;

    public static string Wire(this BatchStatus status) => Names[(int)status];

    public static BatchStatus Parse(string name)
    {
        var index = Array.IndexOf(Names, name);
        return index >= 0
            ? (BatchStatus)index
            : throw new FormatException($"The batch row has the status '{name}', which this version does not know.");
    }

    public static bool HasEnded(this BatchStatus status) => status
        is BatchStatus.Failed or BatchStatus.Completed or BatchStatus.Expired or BatchStatus.Cancelled;
}

/// <summary>Declares that a property is the name of a batch status.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BatchStatusesAttribute() : AllowedValuesAttribute([.. BatchStatusNames.All]);
