namespace BatchFunctions.Upstream;

/// <summary>
/// What has been seen of one line so far: what is decided about its next answer is decided from this. What it is charged, and how far
/// it is suspected, is the line's own wherever it goes; what it is compared with is kept for each upstream.
/// </summary>
/// <param name="key">Which line it is.</param>
/// <param name="state">What earlier runs of its chunk have left.</param>
internal sealed class LineHistory(LineKey key, LineState state)
{
    /// <summary>Breaks that may be chance: a server that restarts breaks all its connections.</summary>
    private const int BreaksByChance = 1;

    /// <summary>What upstreams have made of it, the last that was new to it first: most lines come to one alone.</summary>
    private LineVisits? _visits;
    private LineVisits? _at;

    /// <summary>Which line it is.</summary>
    public LineKey Key { get; } = key;

    /// <summary>Attempts that the line has been charged, those of earlier runs included.</summary>
    public int Attempts { get; set; } = state.Attempts;

    /// <summary>How often the connection broke under the line; alone, only to an upstream that had answered just before.</summary>
    public int Breaks { get; set; } = state.Breaks;

    /// <summary>How often the line was put off, by whosever fault: its waits grow by it.</summary>
    public int Refusals { get; set; }

    /// <summary>How often it was put off for the upstream's sake while others went through.</summary>
    public int RefusedAlone { get; private set; } = state.RefusedAlone;

    /// <inheritdoc cref="LineState.PutOffAt"/>
    public DateTimeOffset? PutOffAt { get; private set; } = state.PutOffAt;

    /// <inheritdoc cref="LineState.AloneSince"/>
    public DateTimeOffset? AloneSince { get; private set; } = state.AloneSince;

    /// <inheritdoc cref="LineState.ToldAlike"/>
    public int ToldAlike { get; private set; } = state.ToldAlike;

    /// <summary>What the upstream last said of it; null when it never did.</summary>
    public LastAnswer? Last { get; set; } = state.Last;

    /// <summary>Whether others went through after the connection first broke under it.</summary>
    public bool OthersPassed { get; set; } = state.OthersPassed;

    /// <summary>A hash of the upstream's last answer in this run, to know the same words again; null before there was one.</summary>
    public ulong? LastWords
    {
        get => Here.LastWords;
        set => Here.LastWords = value;
    }

    /// <summary>Since when the upstream's answers have had those words.</summary>
    public DateTimeOffset ToldSince
    {
        get => Here.ToldSince;
        set => Here.ToldSince = value;
    }

    /// <summary>A hash of the upstream's last answer that was charged to the line; null before there was one.</summary>
    public ulong? ChargedWords
    {
        get => Here.ChargedWords;
        set => Here.ChargedWords = value;
    }

    /// <summary>The number of the latest attempt of another line that had gone through when it was last charged; null before that.</summary>
    public int? ChargedBy
    {
        get => Here.ChargedBy;
        set => Here.ChargedBy = value;
    }

    /// <summary>The number of its last attempt, in the order of sending to the upstream.</summary>
    public int Number
    {
        get => Here.Number;
        set => Here.Number = value;
    }

    /// <summary>The number of the attempt that was refused before that; null when there was none.</summary>
    public int? RefusedNumber
    {
        get => Here.RefusedNumber;
        set => Here.RefusedNumber = value;
    }

    /// <summary>The number of the last attempt, of any line, that had been sent when its last one was answered.</summary>
    public int Sent { get; set; }

    /// <summary>The number of the last attempt, of any line, that had been sent when it was refused before that.</summary>
    public int SentWhenRefused
    {
        get => Here.SentWhenRefused;
        set => Here.SentWhenRefused = value;
    }

    /// <summary>How many lines were in flight with its last attempt, itself included.</summary>
    public int InFlight { get; set; }

    /// <summary>How far it is suspected of breaking connections.</summary>
    public int Suspicion => SuspicionOf(Breaks);

    private LineVisits Here => _at ?? GoTo(0);

    /// <summary>Goes on with what has been seen of the line at another upstream.</summary>
    /// <param name="upstream">The upstream's place in the registry.</param>
    public LineVisits GoTo(int upstream) => _at = VisitsOf(upstream) ?? (_visits = new LineVisits(upstream, _visits));

    /// <summary>From when on an upstream that has refused the line may be sent it again; at once to one that has not.</summary>
    public DateTimeOffset DueAt(int upstream) => VisitsOf(upstream)?.Due ?? DateTimeOffset.MinValue;

    private LineVisits? VisitsOf(int upstream)
    {
        var visits = _visits;
        while (visits is not null && visits.Upstream != upstream)
        {
            visits = visits.Before;
        }

        return visits;
    }

    /// <summary>The line is put off for the upstream's sake.</summary>
    /// <param name="said">What it is told.</param>
    /// <param name="othersPass">Whether others go through meanwhile.</param>
    /// <param name="now">When.</param>
    public void PutOff(LastAnswer said, bool othersPass, DateTimeOffset now)
    {
        if (Last?.IsLike(said) != true)
        {
            (AloneSince, ToldAlike) = (null, 0);
        }

        if (othersPass)
        {
            RefusedAlone++;
            AloneSince ??= now;
        }

        ToldAlike += AloneSince is null ? 0 : 1;
        PutOffAt = now;
    }

    /// <summary>What the chunk's row keeps of it.</summary>
    /// <param name="lastThrough">The number of the last attempt that went through at the upstream where the line was last.</param>
    public LineState StateAt(int lastThrough) =>
        new(Attempts, Breaks, OthersPassed || (Breaks > 0 && lastThrough > RefusedNumber), Last)
        {
            PutOffAt = PutOffAt,
            RefusedAlone = RefusedAlone,
            AloneSince = AloneSince,
            ToldAlike = ToldAlike,
        };

    /// <summary>The suspicion that so many breaks make: none, small company, or <see cref="UpstreamGate.Alone"/>.</summary>
    public static int SuspicionOf(int breaks) => Math.Clamp(breaks - BreaksByChance, 0, UpstreamGate.Alone);
}
