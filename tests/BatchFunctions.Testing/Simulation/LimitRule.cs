namespace BatchFunctions.Testing.Simulation;

/// <summary>A rule that sees each line as it ends, in the only process that there is.</summary>
internal abstract class LimitRule
{
    /// <summary>The most lines in flight now.</summary>
    public abstract int Limit { get; }

    /// <summary>A line has ended.</summary>
    /// <param name="seconds">How long it took.</param>
    /// <param name="inFlight">Lines in flight, itself included.</param>
    /// <param name="isRefused">Whether it was refused.</param>
    public virtual void Ended(double seconds, int inFlight, bool isRefused)
    {
    }
}

/// <summary>A number that someone has set.</summary>
internal sealed class FixedRule(int limit) : LimitRule
{
    public override int Limit => limit;
}
