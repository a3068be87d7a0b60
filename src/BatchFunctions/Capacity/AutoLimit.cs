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
    private const double Margin = 1.15;

    /// <summary>The same where the number before has not been seen to be needed.</summary>
    private const double Unproven = 0.7;

    /// <summary>The least change of throughput that is taken for one.</summary>
    private const double Change = 0.08;

    /// <summary>The share of lines taken away that throughput must lose for all of them to have been needed, so that more may be.</summary>
    private const double AllNeeded = 0.8;

    /// <summary>A small step up.</summary>
    private const double Little = 1.25;

    /// <summary>How much of what would be gained more lines gain while nothing is in the way yet.</summary>
    private const double Straight = 0.7;

    /// <summary>The logarithm of a step up that is small.</summary>
    private const double SmallStep = 0.5;

    /// <summary>The same of one that is very large.</summary>
    private const double LargeStep = 1;

    /// <summary>The least fall of it that leads to fewer lines at once; smaller ones are found when fewer are next tried.</summary>
    private const double Fall = 0.2;

    /// <summary>Lines that must have ended for a change to be believed that nobody asked for.</summary>
    private const int FewestForChange = 6;

    /// <summary>How long what was in vain is not tried again, unless something shows that the upstream has changed.</summary>
    private static readonly TimeSpan InVainFor = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan ShortestTrial = TimeSpan.FromSeconds(2);
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

        var trial = new AutoLimitTrial(state, seen, now);
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
            _ when !trial.Binds => trial.Age > AutoLimitTrial.Longest ? state.Try(state.Phase, state.Limit, state.Reference, now) : state,
            { Reference: null } => Begin(trial),
            { Phase: AutoLimitPhase.Climb } => Climb(trial),
            { Phase: AutoLimitPhase.Descend } => Descend(trial),
            _ => Hold(trial),
        };
    }

    private AutoLimitState Begin(AutoLimitTrial trial)
    {
        var (state, now) = (trial.State, trial.Now);
        return !trial.IsKnownRoughly ? state
            : state.Phase == AutoLimitPhase.Climb ? state.Try(AutoLimitPhase.Climb, Within(state.Limit * 2), trial.Cohort, now)
            : state.Try(AutoLimitPhase.Hold, state.Limit, trial.Cohort, now);
    }

    private AutoLimitState Climb(AutoLimitTrial trial)
    {
        var (state, now, reference) = (trial.State, trial.Now, trial.State.Reference!);
        var more = Math.Log(trial.Cohort.Lines / reference.Lines);
        var (gain, error) = trial.Cohort.GainOver(reference);
        var least = more < SmallStep ? Math.Max(WorthIt * more, Change) : WorthIt * more;
        if (!trial.IsDecided(gain - least, error))
        {
            return state;
        }

        // A very large step that gains less than it should has gone beyond what is of use, though not all of it was in vain.
        var doubt = error < AutoLimitTrial.Told ? 0 : error;
        var isBeyond = more > LargeStep && gain + doubt < Straight * more;
        if (gain > least && !isBeyond)
        {
            // What gains where it was in vain before shows that the upstream has changed.
            state = state with { HasGained = true, InVain = state.Limit < state.InVain ? state.InVain : null };
            var next = Within(Math.Min(UsefulOf(state, now), state.Limit * Factor(trial, gain / more)));
            return next > state.Limit
                ? state.Try(AutoLimitPhase.Climb, next, trial.Cohort, now)
                : state.Try(AutoLimitPhase.Hold, state.Limit, trial.Cohort, now);
        }

        state = error < AutoLimitTrial.Told || IsLess(gain, error, more) ? state with { InVain = state.Limit, InVainAt = now } : state;
        if (more < SmallStep)
        {
            return state.Try(AutoLimitPhase.Hold, Within(reference.Lines), reference, now);
        }

        var enough = Within(Math.Min(state.Limit, reference.Lines * Math.Exp(Math.Max(gain, 0)) * (state.HasGained ? Margin : Unproven)));
        return state.Try(AutoLimitPhase.Descend, enough, trial.Cohort, now) with { NextProbe = now + ProbeInterval, ProbesUp = false };
    }

    private AutoLimitState Descend(AutoLimitTrial trial)
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
            return state.Try(AutoLimitPhase.Hold, needed, reference, now) with
            {
                // Where a fall led here, and no probe, the next one is due as it was.
                NextProbe = state.NextProbe > state.Since ? now + ProbeInterval : state.NextProbe,
                ProbesUp = state.ProbesUp || gain < AllNeeded * fewer,
            };
        }

        return state.Try(AutoLimitPhase.Hold, state.Limit, trial.Cohort, now) with { NextProbe = now, ProbesUp = false };
    }

    private AutoLimitState Hold(AutoLimitTrial trial)
    {
        var (state, now, reference) = (trial.State, trial.Now, trial.State.Reference!);
        var (gain, error) = trial.Cohort.GainOver(reference);
        var isFew = Math.Min(trial.Cohort.Ended.Total, reference.Ended.Total) < FewestForChange;
        var change = isFew ? double.PositiveInfinity : Math.Max(Change, AutoLimitTrial.Sure * error);
        var fall = Math.Max(Fall, change);
        if (gain < -change && state.Limit < 0.95 * reference.Lines)
        {
            // It was lowered too far.
            return state.Try(AutoLimitPhase.Hold, Within(reference.Lines), reference, now);
        }

        if (gain < -fall)
        {
            if (!state.HasFallen)
            {
                // Of what was sent before the fall, a part has met both: what fewer lines are compared with is sent after it.
                return state.Try(AutoLimitPhase.Hold, state.Limit, reference, now) with { HasFallen = true };
            }

            if (!trial.IsKnown)
            {
                return state;
            }

            var left = Math.Min(state.Limit - 1, Within(state.Limit * Math.Exp(gain) * Margin));
            return state.Try(AutoLimitPhase.Descend, Math.Max(1, left), trial.Cohort, now) with { ProbesUp = false };
        }

        if (gain > change)
        {
            return state.Try(AutoLimitPhase.Climb, Within(state.Limit * Little), trial.Cohort, now) with { InVain = null };
        }

        if (!trial.IsKnown)
        {
            return state;
        }

        var known = reference.Fit.Count > 1000 ? trial.Cohort : reference.Plus(trial.Cohort);
        var isGood = known.GainOver(known).Error < AutoLimitTrial.Good * 2;
        if (now < state.NextProbe || (!isGood && now < state.NextProbe + ProbeInterval))
        {
            return state.Try(AutoLimitPhase.Hold, state.Limit, known, now);
        }

        if (!isGood)
        {
            // What is not known well enough to be told from a little more may be told from twice as many.
            // Where twice as many were in vain, from half of the way there.
            var further = Math.Min(state.Limit * 2, Math.Sqrt((double)state.Limit * UsefulOf(state, now)));
            return (further < state.Limit * Little
                ? state.Try(AutoLimitPhase.Hold, state.Limit, known, now)
                : state.Try(AutoLimitPhase.Climb, Within(further), known, now)) with
            {
                NextProbe = now + ProbeInterval,
            };
        }

        var fewer = Math.Max(1, (int)(state.Limit * 0.8));
        return (state.ProbesUp || fewer == state.Limit
            ? state.Try(AutoLimitPhase.Climb, Within(state.Limit * Little), known, now)
            : state.Try(AutoLimitPhase.Descend, fewer, known, now)) with
        {
            NextProbe = now + ProbeInterval,
            ProbesUp = !state.ProbesUp,
        };
    }

    /// <summary>Whether a step has surely gained less than it would have with nothing in the way.</summary>
    private static bool IsLess(double gain, double error, double more) => gain + (2 * error) < Straight * more;

    /// <summary>The next step up: in the open a large one, the larger where trials are slow and few lines say anything.</summary>
    private static double Factor(AutoLimitTrial trial, double share) =>
        share < Straight ? 1.4 : trial.Age > FirstLook && trial.State.Limit <= 8 ? 4 : 2;

    /// <summary>The most lines in flight that may be of use, by what was in vain lately.</summary>
    private int UsefulOf(AutoLimitState state, DateTimeOffset now) =>
        state.InVain is { } vain && state.Limit < vain && now - state.InVainAt < InVainFor ? vain : most;

    private int Within(double limit) => Math.Clamp((int)Math.Ceiling(limit), 1, most);
}
