namespace BatchFunctions.Cli.Terminal;

/// <summary>How far something is.</summary>
/// <param name="Label">What is being done, a word or a status.</param>
/// <param name="Fraction">How much of it is done, 0 to 1; null while that cannot be told.</param>
/// <param name="Detail">The rest: counts, pace, time left.</param>
internal sealed record ProgressNote(string Label, double? Fraction, string Detail);
