namespace BatchFunctions.Upstream;

/// <summary>What has been seen of one line so far: what is decided about its next answer is decided from this.</summary>
/// <param name="state">What earlier runs of its chunk have left.</param>
internal sealed class LineHistory(LineState state)
{
    /// <summary>Breaks that may be chance: a server that restarts breaks all its connections.</summary>
    private const int BreaksByChance = 1;

    /// <summary>Attempts that the line has been charged, those of earlier runs included.</summary>
    public int Attempts { get; set; } = state.Attempts;

    /// <summary>How often the connection broke under the line; alone, only to an upstream that had answered just before.</summary>
    public int Breaks { get; set; } = state.Breaks;

    /// <summary>How often the line was put off, by whosever fault: its waits grow by it.</summary>
    public int Refusals { get; set; }

    /// <summary>How often it was put off for the upstream's sake while others went through.</summary>
    public int RefusedAlone { get; set; }

    /// <summary>What the upstream last said of it; null when it never did.</summary>
    public LastAnswer? Last { get; set; } = state.Last;

    /// <summary>A hash of the last answer of this run, to know the same words again; null before there was one.</summary>
    public ulong? LastWords { get; set; }

    /// <summary>When it was first refused in this run; null when it never was.</summary>
    public DateTimeOffset? RefusedSince { get; set; }

    /// <summary>Whether others went through after the connection first broke under it.</summary>
    public bool OthersPassed { get; set; } = state.OthersPassed;

    /// <summary>The number of its last attempt, in the order of sending.</summary>
    public int Number { get; set; }

    /// <summary>The number of the attempt that was refused before that; null when there was none.</summary>
    public int? RefusedNumber { get; set; }

    /// <summary>How many lines were in flight with its last attempt, itself included.</summary>
    public int InFlight { get; set; }

    /// <summary>How far it is suspected of breaking connections.</summary>
    public int Suspicion => SuspicionOf(Breaks);

    /// <summary>What the chunk's row keeps of it.</summary>
    /// <param name="lastThrough">The number of the last attempt that went through.</param>
    public LineState StateAt(int lastThrough) =>
        new(Attempts, Breaks, OthersPassed || (Breaks > 0 && lastThrough > RefusedNumber), Last);

    /// <summary>The suspicion that so many breaks make: none, small company, or <see cref="UpstreamGate.Alone"/>.</summary>
    public static int SuspicionOf(int breaks) => Math.Clamp(breaks - BreaksByChance, 0, UpstreamGate.Alone);
}
