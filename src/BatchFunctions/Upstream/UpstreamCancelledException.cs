namespace BatchFunctions.Upstream;

/// <summary>
/// The caller's own cancellation (a shutdown, a cancelled batch, a deadline) ended the sending of a line. It carries
/// the attempts that had ended by then, so that a line keeps its count when its chunk is handed over.
/// </summary>
internal sealed class UpstreamCancelledException(LineState line, CancellationToken ct)
    : OperationCanceledException("The sending of a line was cancelled.", ct)
{
    /// <summary>What is known of the line; the attempt that was cut short is no part of it.</summary>
    public LineState Line { get; } = line;
}
