namespace BatchFunctions.Progress;

/// <summary>How much was done at a time.</summary>
/// <param name="At">The time.</param>
/// <param name="Done">What was done by then, be it lines or bytes.</param>
internal readonly record struct ProgressSample(DateTimeOffset At, long Done);
