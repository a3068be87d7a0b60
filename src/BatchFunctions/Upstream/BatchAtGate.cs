using BatchFunctions.Ids;

namespace BatchFunctions.Upstream;

/// <summary>What a gate knows of a batch.</summary>
/// <param name="Key">The batch.</param>
/// <param name="Model">The model that all its lines name; null where they differ.</param>
/// <param name="Deadline">When its lines are no longer sent.</param>
internal readonly record struct BatchAtGate(BatchKey Key, string? Model, DateTimeOffset Deadline)
{
    /// <summary>What is left of less than this is all of one urgency.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(10);

    /// <summary>Deadlines that differ by less than this factor are as urgent.</summary>
    private const double Factor = 4;

    /// <summary>
    /// How urgent it is among its project's batches, from 0 on: the lower goes first, and equals take turns. It goes by powers of
    /// four of the time that is left: strictly by the deadline, batches with one window would go one after the other, and a
    /// small one would wait for a giant.
    /// </summary>
    public int UrgencyAt(DateTimeOffset now) =>
        Deadline - now > Shortest ? 1 + (int)Math.Log((Deadline - now) / Shortest, Factor) : 0;
}
