namespace BatchFunctions.Cli.Results;

/// <summary>How many lines a download has brought.</summary>
/// <param name="Output">Lines that succeeded; null if they were not downloaded.</param>
/// <param name="Errors">Lines that failed; null if they were not downloaded.</param>
internal sealed record FetchedLines(long? Output, long? Errors);
