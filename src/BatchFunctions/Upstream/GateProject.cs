using BatchFunctions.Fleet;

namespace BatchFunctions.Upstream;

/// <summary>A project with chunks at the gate, and its part of the places. Under the gate's lock.</summary>
internal sealed class GateProject(string name)
{
    private readonly Dictionary<string, GateBatch> _batches = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    /// <summary>Its part beside others': with twice the weight it has twice the lines in flight.</summary>
    public double Weight { get; set; } = 1;

    /// <summary>Its part of the process's share, where the fleet has said so: what it has elsewhere counts.</summary>
    public double? Part { get; set; }

    /// <summary>By what its lines in flight are measured beside others'.</summary>
    public double Measure => Part is { } part && part > 0 ? part : Weight;

    /// <summary>Its lines in flight.</summary>
    public int InFlight { get; set; }

    /// <summary>Its places so far, each by one part of its weight: between projects that are even, the one with fewer is next.</summary>
    public double Given { get; set; }

    public int Turns => _batches.Values.Sum(static batch => batch.Turns);

    /// <summary>
    /// The line that is next: of the most urgent batch, among such ones of that with the fewest in flight, and then the first to have come.
    /// </summary>
    public GateWaiter? NextAt(DateTimeOffset now)
    {
        // Asked for several times a line, under the gate's lock: no query that would be built anew each time.
        GateWaiter? next = null;
        (int Urgency, int InFlight, long Number) least = default;
        foreach (var batch in _batches.Values)
        {
            if (batch.Waiting.Min is { } waiter
                && (batch.UrgencyAt(now), batch.InFlight, waiter.Number) is var turn
                && (next is null || turn.CompareTo(least) < 0))
            {
                (next, least) = (waiter, turn);
            }
        }

        return next;
    }

    /// <summary>All its lines that wait, suspects apart.</summary>
    public IEnumerable<GateWaiter> Waiting => _batches.Values.SelectMany(static batch => batch.Waiting);

    /// <summary>What it has to send.</summary>
    public ProjectDemand Demand => new(Name, Weight, InFlight + Unsent);

    /// <summary>Lines of its chunks at the gate that are not in flight.</summary>
    public int Unsent => _batches.Values.Sum(static batch => batch.Unsent);

    /// <summary>Its batches with chunks at the gate.</summary>
    public IReadOnlyCollection<GateBatch> Batches => _batches.Values;

    public GateBatch Join(BatchAtGate batch)
    {
        if (!_batches.TryGetValue(batch.Key.Id, out var joined))
        {
            _batches[batch.Key.Id] = joined = new GateBatch(this, batch);
        }

        joined.Turns++;
        return joined;
    }

    public void Leave(GateBatch batch)
    {
        if (--batch.Turns == 0)
        {
            _batches.Remove(batch.Id);
        }
    }
}
