namespace BatchFunctions.Upstream;

/// <summary>
/// The caller's own cancellation (a shutdown, a cancelled batch, a deadline) ended the sending of a line. It carries
/// the attempts that had ended by then, so that a line keeps its count when its chunk is handed over.
/// </summary>
internal sealed class UpstreamCancelledException(int attempts, CancellationToken ct)
    : OperationCanceledException("The sending of a line was cancelled.", ct)
{
    /// <summary>All attempts that the line has used so far; the one that was cut short is not among them.</summary>
    public int Attempts { get; } = attempts;
}
