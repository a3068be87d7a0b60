namespace BatchFunctions.Capacity;

/// <summary>
/// Finds how many lines in flight an upstream can take: as many as still get more done, and no more. It goes from trial to trial. In
/// each, the limit stays the same until enough is known of what was sent under it; then it is compared with the trial before.
/// A rule without state, clock or chance of its own: whoever holds the fleet's row applies it.
/// </summary>
/// <param name="most">The most lines in flight that there may be.</param>
internal sealed class AutoLimit(int most = AutoLimit.MostLines)
{
    /// <summary>The most that the limit can be.</summary>
    public const int MostLines = 4096;

    /// <summary>How much of what would be gained, if nothing were in the way, more lines in flight must gain to be kept.</summary>
    private const double WorthIt = 0.2;

    /// <summary>By how much more than it needs an upstream is filled: what is a little too much costs nothing, what is too little does.</summary>
    private const double Margin = 1.1;

    /// <summary>The same where the number before has not been seen to be needed.</summary>
    private const double Unproven = 0.7;

    /// <summary>The least change of throughput that is taken for one.</summary>
    private const double Change = 0.08;

    /// <summary>How much of it they gain while nothing is in the way yet.</summary>
    private const double Straight = 0.7;

    /// <summary>The logarithm of a step up that is small.</summary>
    private const double SmallStep = 0.5;

    /// <summary>The least fall of it that leads to fewer lines at once; smaller ones are found when fewer are next tried.</summary>
    private const double Fall = 0.2;

    /// <summary>The error at which a comparison is as good as it gets.</summary>
    private const double Good = 0.04;

    /// <summary>The error at which a comparison may be believed when its time is up.</summary>
    private const double Fair = 0.35;

    private const double Rough = 0.15;

    /// <summary>By how many errors a comparison must differ to be believed before that.</summary>
    private const double Sure = 2.5;

    /// <summary>Lines that must have ended for a change to be believed that nobody asked for.</summary>
    private const int FewestForChange = 6;

    private static readonly TimeSpan ShortestTrial = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestTrial = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(60);

    /// <summary>What is to be done next.</summary>
    /// <param name="state">What was decided last; null or of another version when nothing is known.</param>
    /// <param name="seen">What the fleet has seen since.</param>
    /// <param name="now">The time.</param>
    /// <returns>The same state while the trial goes on; another one with a new trial's number.</returns>
    public AutoLimitState Next(AutoLimitState? state, FleetFlight seen, DateTimeOffset now)
    {
        if (state is not { Version: AutoLimitState.CurrentVersion })
        {
            return AutoLimitState.First(now) with { Trial = (state?.Trial ?? 0) + 1 };
        }

        var trial = new Trial(state, seen, now);
        if (trial.IsOverrun)
        {
            return state.Try(AutoLimitPhase.Hold, Within(trial.Cohort.Lines * 0.85), null, now) with { NextProbe = now + ProbeInterval };
        }

        if (!seen.AreAllIn || trial.Age < ShortestTrial)
        {
            return state;
        }

        if (!state.IsFilled && trial.IsFull)
        {
            // One process alone has filled its share at once.
            return seen.Processes > 1 && trial.Cohort.Ended.Total > seen.InFlight / 8
                ? state.Try(state.Phase, state.Limit, state.Reference, now) with { IsFilled = true }
                : state with { IsFilled = true };
        }

        return state switch
        {
            { IsFilled: false } when trial.Binds => state,
            _ when !trial.Binds => trial.Age > LongestTrial ? state.Try(state.Phase, state.Limit, state.Reference, now) : state,
            { Reference: null } => Begin(trial),
            { Phase: AutoLimitPhase.Climb } => Climb(trial),
            { Phase: AutoLimitPhase.Descend } => Descend(trial),
            _ => Hold(trial),
        };
    }

    private AutoLimitState Begin(Trial trial)
    {
        var (state, now) = (trial.State, trial.Now);
        if (!trial.IsKnownRoughly)
        {
            // Where lines are slow, a few more of them are needed for anything to be seen.
            return state.Limit == AutoLimitState.FirstLimit && trial.Age > FirstLook && trial.Cohort.Ended.Total < Cohort.Fewest
                ? state.Try(state.Phase, Within(state.Limit * 2), null, now)
                : state;
        }

        return state.Phase == AutoLimitPhase.Climb
            ? state.Try(AutoLimitPhase.Climb, Within(state.Limit * 2), trial.Cohort, now)
            : state.Try(AutoLimitPhase.Hold, state.Limit, trial.Cohort, now);
    }

    private AutoLimitState Climb(Trial trial)
    {
        var (state, now, reference) = (trial.State, trial.Now, trial.State.Reference!);
        var more = Math.Log(trial.Cohort.Lines / reference.Lines);
        var (gain, error) = trial.Cohort.GainOver(reference);
        var least = more < SmallStep ? Math.Max(WorthIt * more, Change) : WorthIt * more;
        if (!trial.IsDecided(gain - least, error))
        {
            return state;
        }

        if (gain > least)
        {
            return state.Limit >= most
                ? state.Try(AutoLimitPhase.Hold, state.Limit, trial.Cohort, now)
                : state.Try(AutoLimitPhase.Climb, Within(state.Limit * Factor(trial, gain / more)), trial.Cohort, now) with { HasGained = true };
        }

        if (more < SmallStep)
        {
            return state.Try(AutoLimitPhase.Hold, Within(reference.Lines), reference, now);
        }

        var enough = Within(Math.Min(state.Limit, reference.Lines * Math.Exp(Math.Max(gain, 0)) * (state.HasGained ? Margin : Unproven)));
        return state.Try(AutoLimitPhase.Descend, enough, trial.Cohort, now) with { NextProbe = now + ProbeInterval, ProbesUp = false };
    }

    private AutoLimitState Descend(Trial trial)
    {
        var (state, now, reference) = (trial.State, trial.Now, trial.State.Reference!);
        var (gain, error) = trial.Cohort.GainOver(reference);
        var fewer = Math.Log(trial.Cohort.Lines / reference.Lines);
        if (!trial.IsDecided(gain - (WorthIt * fewer), error))
        {
            return state;
        }

        if (gain < Math.Max(WorthIt * fewer, -Change))
        {
            var needed = Within(Math.Min(reference.Lines, state.Limit * Math.Exp(-gain) * Margin));
            return state.Try(AutoLimitPhase.Hold, needed, reference, now) with { NextProbe = now + ProbeInterval, ProbesUp = true };
        }

        return state.Try(AutoLimitPhase.Hold, state.Limit, trial.Cohort, now) with { NextProbe = now, ProbesUp = false };
    }

    private AutoLimitState Hold(Trial trial)
    {
        var (state, now, reference) = (trial.State, trial.Now, trial.State.Reference!);
        var (gain, error) = trial.Cohort.GainOver(reference);
        var isFew = Math.Min(trial.Cohort.Ended.Total, reference.Ended.Total) < FewestForChange;
        var change = isFew ? double.PositiveInfinity : Math.Max(Change, Sure * error);
        var fall = Math.Max(Fall, change);
        if (gain < -change && state.Limit < 0.95 * reference.Lines)
        {
            // It was lowered too far.
            return state.Try(AutoLimitPhase.Hold, Within(reference.Lines), reference, now);
        }

        if (gain < -fall)
        {
            var left = Math.Min(state.Limit - 1, Within(state.Limit * Math.Exp(gain) * Margin));
            return state.Try(AutoLimitPhase.Descend, Math.Max(1, left), trial.Cohort, now);
        }

        if (gain > change)
        {
            return state.Try(AutoLimitPhase.Climb, Within(state.Limit * 1.5), trial.Cohort, now);
        }

        if (!trial.IsKnown)
        {
            return state;
        }

        var known = reference.Fit.Count > 1000 ? trial.Cohort : reference.Plus(trial.Cohort);
        var isGood = known.GainOver(known).Error < Good * 2;
        if (now < state.NextProbe || (!isGood && now < state.NextProbe + ProbeInterval))
        {
            return state.Try(AutoLimitPhase.Hold, state.Limit, known, now);
        }

        if (!isGood)
        {
            // What is not known well enough to be told from a little more may be told from twice as many.
            return state.Try(AutoLimitPhase.Climb, Within(state.Limit * 2), known, now) with { NextProbe = now + ProbeInterval };
        }

        var fewer = Math.Max(1, (int)(state.Limit * 0.8));
        return (state.ProbesUp || fewer == state.Limit
            ? state.Try(AutoLimitPhase.Climb, Within(state.Limit * 1.25), known, now)
            : state.Try(AutoLimitPhase.Descend, fewer, known, now)) with
        {
            NextProbe = now + ProbeInterval,
            ProbesUp = !state.ProbesUp,
        };
    }

    /// <summary>The next step up: in the open a large one, the larger where trials are slow and few lines say anything.</summary>
    private static double Factor(Trial trial, double share) =>
        share < Straight ? 1.4 : trial.Age > FirstLook && trial.State.Limit <= 8 ? 4 : 2;

    private int Within(double limit) => Math.Clamp((int)Math.Ceiling(limit), 1, most);

    /// <summary>A trial that goes on.</summary>
    private sealed class Trial(AutoLimitState state, FleetFlight seen, DateTimeOffset now)
    {
        public AutoLimitState State => state;

        public DateTimeOffset Now => now;

        public TimeSpan Age => now - state.Since;

        public Cohort Cohort { get; } = new(Math.Min(state.Limit, seen.InFlight), seen.Seen.Fit, seen.Seen.Ended, seen.Seen.Flying);

        /// <summary>Whether the limit is what keeps lines from being sent.</summary>
        public bool Binds => seen.InFlight >= (0.95 * state.Limit) - 1;

        /// <summary>Whether there are as many in flight as there may be, and no more of what was sent before.</summary>
        public bool IsFull => Binds && seen.InFlight <= (1.05 * state.Limit) + 1;

        /// <summary>Whether it has gone on for longer than trials do.</summary>
        public bool IsOverdue => Age > 2 * LongestTrial;

        /// <summary>Whether so many are refused that there are too many, whatever their pace.</summary>
        public bool IsOverrun => Binds && seen.Seen.Refused > Math.Max(3, 0.05 * seen.Seen.Sent);

        /// <summary>Whether something is known of this limit.</summary>
        public bool IsKnownRoughly => Cohort.GainOver(Cohort).Error < Rough || (Cohort.Ended.Total >= Cohort.Fewest && Age > LongestTrial);

        /// <summary>Whether what is known of this limit is good, or as good as it gets in time.</summary>
        public bool IsKnown => Cohort.GainOver(Cohort).Error is var error && (error < Good || (error < Fair && Age > LongestTrial));

        /// <summary>Whether it is known on which side of a threshold a comparison lies.</summary>
        public bool IsDecided(double above, double error) =>
            error < Good || Math.Abs(above) > Sure * error || (error < Fair && Age > LongestTrial) || (IsOverdue && Cohort.Ended.Total >= Cohort.Fewest);
    }
}
