namespace BatchFunctions.Cli.Results;

/// <summary>Where a batch's results go.</summary>
/// <param name="Output">A file, <see cref="StandardOutput"/>, or null for nowhere.</param>
/// <param name="Errors">A file, or null for nowhere.</param>
internal sealed record ResultPlaces(string? Output, string? Errors)
{
    /// <summary>Stands for standard output.</summary>
    public const string StandardOutput = "-";

    /// <summary>What the options say; errors go beside the output where no place is named for them.</summary>
    public static ResultPlaces Of(string? output, string? errors) =>
        new(output, errors ?? (output is null or StandardOutput ? null : BesideOf(output)));

    /// <summary>Whether the output is a file.</summary>
    public bool HasOutputFile => Output is not (null or StandardOutput);

    /// <summary><c>results.errors.jsonl</c> for <c>results.jsonl</c>.</summary>
    private static string BesideOf(string output) =>
        Path.ChangeExtension(output, "errors" + (Path.GetExtension(output) is { Length: > 0 } extension ? extension : ".jsonl"));
}
