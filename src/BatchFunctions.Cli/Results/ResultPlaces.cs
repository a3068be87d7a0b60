namespace BatchFunctions.Cli.Results;

/// <summary>The destinations of a batch's results.</summary>
/// <param name="Output">A file, <see cref="StandardOutput"/>, or null for none.</param>
/// <param name="Errors">A file, or null for none.</param>
internal sealed record ResultPlaces(string? Output, string? Errors)
{
    /// <summary>The value that means standard output.</summary>
    public const string StandardOutput = "-";

    /// <summary>
    /// The destinations by the options; unless a file is named for them, errors go beside the output.
    /// </summary>
    public static ResultPlaces Of(string? output, string? errors) =>
        new(output, errors ?? (output is null or StandardOutput ? null : BesideOf(output)));

    /// <summary>Checks early that both files can be written, rather than only once the batch has ended.</summary>
    /// <exception cref="FailureException">One of them cannot.</exception>
    public async Task CheckAsync()
    {
        foreach (var path in new[] { HasOutputFile ? Output : null, Errors }.OfType<string>())
        {
            await ResultFile.CheckAsync(path);
        }
    }

    /// <summary>Whether the output is a file.</summary>
    public bool HasOutputFile => Output is not (null or StandardOutput);

    /// <summary><c>results.errors.jsonl</c> for <c>results.jsonl</c>.</summary>
    private static string BesideOf(string output) =>
        Path.ChangeExtension(output, "errors" + (Path.GetExtension(output) is { Length: > 0 } extension ? extension : ".jsonl"));
}
