namespace BatchFunctions.Capacity;

/// <summary>A trial of <see cref="AutoLimit"/> that goes on: what has been seen of it so far.</summary>
/// <param name="state">What was decided last.</param>
/// <param name="seen">What the fleet has seen since.</param>
/// <param name="now">The time.</param>
internal sealed class AutoLimitTrial(AutoLimitState state, FleetFlight seen, DateTimeOffset now)
{
    /// <summary>How long a trial goes on that is told what it needs to know.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>The error at which a comparison is as good as it gets.</summary>
    public const double Good = 0.04;

    /// <summary>By how many errors a comparison must differ to be believed before that.</summary>
    public const double Sure = 2.5;

    /// <summary>The error up to which what is seen once may be believed when the trial's time is up, and be remembered.</summary>
    public const double Told = 0.12;

    /// <summary>The error at which a limit counts as known when the trial's time is up.</summary>
    private const double Fair = 0.35;

    /// <summary>The error at which something is known of a limit.</summary>
    private const double Rough = 0.15;

    public AutoLimitState State => state;

    public DateTimeOffset Now => now;

    public TimeSpan Age => now - state.Since;

    /// <remarks>
    /// In flight are those that the trial's lines have met, what an earlier trial had sent among them. Where the work does not tell how long
    /// lines take, few have ended by then that met those too, and no more are counted than there may be.
    /// </remarks>
    public Cohort Cohort { get; } = new(
        seen.Seen.Fit.Tells ? seen.Met : Math.Min(state.Limit, seen.Met), seen.Seen.Fit, seen.Seen.Ended, seen.Seen.Flying);

    /// <summary>Whether the limit is what keeps lines from being sent.</summary>
    public bool Binds => seen.InFlight >= (0.95 * state.Limit) - 1;

    /// <summary>Whether there are as many in flight as there may be, and no more of what was sent before.</summary>
    public bool IsFull => Binds && seen.InFlight <= (1.05 * state.Limit) + 1;

    /// <summary>Whether it has gone on for longer than trials do.</summary>
    public bool IsOverdue => Age > 2 * Longest;

    /// <summary>Whether so many are refused that there are too many, whatever their pace.</summary>
    public bool IsOverrun => Binds && seen.Seen.Refused > Math.Max(3, 0.05 * seen.Seen.Sent);

    /// <summary>Whether something is known of this limit.</summary>
    public bool IsKnownRoughly => Cohort.GainOver(Cohort).Error < Rough || (Cohort.Ended.Total >= Cohort.Fewest && Age > Longest);

    /// <summary>Whether what is known of this limit is good, or as good as it gets in time.</summary>
    public bool IsKnown => Cohort.GainOver(Cohort).Error is var error && (error < Good || (error < Fair && Age > Longest));

    /// <summary>Whether it is known on which side of a threshold a comparison lies.</summary>
    public bool IsDecided(double above, double error) =>
        error < Good || Math.Abs(above) > Sure * error || (error < Told && Age > Longest) || (IsOverdue && Cohort.Ended.Total >= Cohort.Fewest);
}
