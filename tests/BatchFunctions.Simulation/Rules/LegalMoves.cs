using BatchFunctions.Batches;

namespace BatchFunctions.Simulation.Rules;

/// <summary>How a batch's status may change, as ARCHITECTURE.md draws it: on its own, so that the library's table is held against it.</summary>
internal static class LegalMoves
{
    private static readonly HashSet<(BatchStatus From, BatchStatus To)> All =
    [
        (BatchStatus.Validating, BatchStatus.InProgress),
        (BatchStatus.Validating, BatchStatus.Failed),
        (BatchStatus.Validating, BatchStatus.Cancelling),
        (BatchStatus.Validating, BatchStatus.Finalizing),
        (BatchStatus.InProgress, BatchStatus.Finalizing),
        (BatchStatus.InProgress, BatchStatus.Completed),
        (BatchStatus.InProgress, BatchStatus.Cancelling),
        (BatchStatus.InProgress, BatchStatus.Failed),
        (BatchStatus.Cancelling, BatchStatus.Finalizing),
        (BatchStatus.Cancelling, BatchStatus.Failed),
        (BatchStatus.Finalizing, BatchStatus.Completed),
        (BatchStatus.Finalizing, BatchStatus.Expired),
        (BatchStatus.Finalizing, BatchStatus.Cancelled),
        (BatchStatus.Finalizing, BatchStatus.Failed),
    ];

    public static bool Leads(BatchStatus from, BatchStatus to) => All.Contains((from, to));
}
