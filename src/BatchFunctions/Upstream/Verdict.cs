namespace BatchFunctions.Upstream;

/// <summary>What is decided about an attempt.</summary>
/// <param name="Outcome">The line's outcome, unless it is tried again.</param>
/// <param name="TryAgain">Whether it is.</param>
/// <param name="Wait">The wait before that; null leaves it to the backoff.</param>
internal readonly record struct Verdict(UpstreamOutcome Outcome, bool TryAgain, TimeSpan? Wait = null)
{
    public static Verdict Final(UpstreamOutcome outcome) => new(outcome, TryAgain: false);
}
