namespace BatchFunctions.Cli.Api;

/// <summary>The service could not be reached, or refused; the message says so on one line, with what to do.</summary>
/// <param name="message">The line.</param>
/// <param name="status">The answer's status; 0 if there was none.</param>
/// <param name="isPassing">Whether the same request may succeed later.</param>
/// <param name="inner">What caused it.</param>
internal sealed class ApiException(string message, int status, bool isPassing, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The answer's status; 0 if there was none.</summary>
    public int Status { get; } = status;

    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsPassing { get; } = isPassing;
}
