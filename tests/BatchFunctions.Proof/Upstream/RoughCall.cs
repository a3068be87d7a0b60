namespace BatchFunctions.Proof.Upstream;

/// <summary>A call that a rough upstream has received.</summary>
/// <param name="Line">The line's number in its batch.</param>
/// <param name="Number">The call's number among those of its line, from 1.</param>
/// <param name="At">When it came, since the first call.</param>
internal readonly record struct RoughCall(int Line, int Number, TimeSpan At);

/// <summary>A call and what it was answered: a status, or <c>reset</c> or <c>refused</c>.</summary>
internal readonly record struct AnsweredCall(RoughCall Call, string Answer, TimeSpan At);
