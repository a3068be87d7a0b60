namespace BatchFunctions.Upstream;

/// <summary>What is kept of a line that has not come to an end, from one run of its chunk to the next.</summary>
/// <param name="Attempts">Attempts that it has been charged so far.</param>
/// <param name="Breaks">How often the connection broke under it.</param>
/// <param name="OthersPassed">Whether others went through after the connection first broke under it.</param>
/// <param name="Last">What the upstream last said about it; null when it said nothing.</param>
internal readonly record struct LineState(int Attempts, int Breaks, bool OthersPassed, LastAnswer? Last)
{
    /// <summary>When it was last put off for the upstream's sake; null when it never was.</summary>
    public DateTimeOffset? PutOffAt { get; init; }

    /// <summary>How often it was put off for the upstream's sake while others went through.</summary>
    public int RefusedAlone { get; init; }

    /// <summary>When others first went through while it was told what it has been told ever since; null when they have not.</summary>
    public DateTimeOffset? AloneSince { get; init; }

    /// <summary>How often it has been told so since.</summary>
    public int ToldAlike { get; init; }
}
