namespace BatchFunctions.Cli;

/// <summary>Ends a command early; the message says on one line what happened and what to do.</summary>
/// <param name="message">The line.</param>
/// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
/// <param name="inner">What caused it.</param>
internal sealed class FailureException(string message, int exitCode, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; } = exitCode;
}
