namespace BatchFunctions.Proof.Storage;

/// <summary>What may happen to a call of storage.</summary>
internal enum Fault
{
    /// <summary>The connection is cut before storage has seen the request.</summary>
    RequestLost,

    /// <summary>Storage carries it out, and the connection is cut before the answer.</summary>
    AnswerLost,

    /// <summary>500, without storage having seen it.</summary>
    ServerError,

    /// <summary>503, likewise.</summary>
    ServerBusy,
}

/// <summary>Decides, from a seed, which calls fail and which messages are sent twice.</summary>
/// <param name="seed">The same seed decides the same about the same sequence of calls.</param>
/// <param name="faultShare">Which part of the calls fails, from 0 to 1.</param>
/// <param name="repeatShare">Which part of the messages is sent a second time, a little later, from 0 to 1.</param>
/// <param name="tally">Counts them.</param>
internal sealed class FaultPlan(int seed, double faultShare, double repeatShare, Tally tally)
{
    private static readonly Fault[] Faults = Enum.GetValues<Fault>();

    /// <summary>So late that others have overtaken it.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);

    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    /// <summary>What happens to the next call; null for nothing.</summary>
    public Fault? NextFault()
    {
        lock (_lock)
        {
            if (_random.NextDouble() >= faultShare)
            {
                return null;
            }

            tally.Add(Count.Faults);
            return Faults[_random.Next(Faults.Length)];
        }
    }

    /// <summary>After how long the next message is sent again; null for never.</summary>
    public TimeSpan? NextRepeat()
    {
        lock (_lock)
        {
            if (_random.NextDouble() >= repeatShare)
            {
                return null;
            }

            tally.Add(Count.Redeliveries);
            return LongestDelay * _random.NextDouble();
        }
    }
}
