using BatchFunctions.Lines;

namespace BatchFunctions.Batches;

/// <summary>How a batch ends.</summary>
/// <param name="Outcome">Its final status.</param>
/// <param name="At">When this was decided.</param>
/// <param name="OutputFileId">The file of the lines that succeeded; null if none did.</param>
/// <param name="ErrorFileId">The file of the other lines; null if there are none.</param>
/// <param name="Counts">The final counts.</param>
/// <param name="Usage">The tokens of all lines together.</param>
/// <param name="Failures">The lines that failed, by kind.</param>
internal sealed record BatchEnd(
    BatchStatus Outcome,
    DateTimeOffset At,
    string? OutputFileId,
    string? ErrorFileId,
    RequestCounts Counts,
    TokenUsage Usage,
    FailureKinds? Failures = null);
