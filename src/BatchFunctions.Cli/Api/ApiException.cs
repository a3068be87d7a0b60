namespace BatchFunctions.Cli.Api;

/// <summary>The service could not be asked, or refused: the message says so on one line, with what to do.</summary>
/// <param name="message">The line.</param>
/// <param name="status">The answer's status; 0 where there was no answer.</param>
/// <param name="isPassing">Whether the same request may be answered later.</param>
/// <param name="inner">What caused it.</param>
internal sealed class ApiException(string message, int status, bool isPassing, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The answer's status; 0 where there was no answer.</summary>
    public int Status { get; } = status;

    /// <summary>Whether the same request may be answered later.</summary>
    public bool IsPassing { get; } = isPassing;
}
