namespace BatchFunctions.Cli.Terminal;

/// <summary>The progress of some work.</summary>
/// <param name="Label">What is being done: a word or a status.</param>
/// <param name="Fraction">The fraction that is done, 0 to 1; null if unknown.</param>
/// <param name="Detail">The rest: counts, pace, time left.</param>
internal sealed record ProgressNote(string Label, double? Fraction, string Detail);
