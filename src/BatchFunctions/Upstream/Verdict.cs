namespace BatchFunctions.Upstream;

/// <summary>What is decided about an attempt.</summary>
/// <param name="Blame">Whose fault it is.</param>
/// <param name="IsFinal">Whether the line ends with what it was answered.</param>
/// <param name="Wait">How long the line is kept back before its next attempt, at least; zero leaves it to the gate.</param>
internal readonly record struct Verdict(Blame Blame, bool IsFinal, TimeSpan Wait)
{
    /// <summary>Whether the attempt took longer than one may, by this service's limit or a gateway's.</summary>
    public bool IsTimeOut { get; init; }

    public static Verdict Final(Blame blame) => new(blame, IsFinal: true, TimeSpan.Zero);

    public static Verdict Again(Blame blame, TimeSpan wait) => new(blame, IsFinal: false, wait);
}
