namespace BatchFunctions.Upstream;

/// <summary>What has been seen of one line so far: what is decided about its next answer is decided from this.</summary>
internal sealed class LineHistory(int attempts, int breaks)
{
    /// <summary>Attempts that the line has been charged, those of earlier runs included.</summary>
    public int Attempts { get; set; } = attempts;

    /// <summary>How often the connection broke while the line was sent alone, to an upstream that answered others.</summary>
    public int Breaks { get; set; } = breaks;

    /// <summary>How often the line was in flight when connections broke: the more, the fewer beside it the next time.</summary>
    public int Suspicion { get; set; } = SuspicionOf(breaks);

    /// <summary>How often the line was put off, by whosever fault: its waits grow by it.</summary>
    public int Refusals { get; set; }

    /// <summary>How often it was put off for the upstream's sake while others went through.</summary>
    public int Alone { get; set; }

    /// <summary>What the upstream last answered it; null when it never did.</summary>
    public LastAnswer? Last { get; set; }

    /// <summary>A hash of the last answer, to know the same words again.</summary>
    public ulong LastWords { get; set; }

    /// <summary>When it was first refused; null when it never was.</summary>
    public DateTimeOffset? RefusedSince { get; set; }

    /// <summary>How many lines had gone through when it was last refused, or else when it was sent.</summary>
    public long ThroughBefore { get; set; }

    /// <summary>How a line begins that is known from earlier runs.</summary>
    public static int SuspicionOf(int breaks) => breaks > 0 ? UpstreamGate.Alone : 0;
}
