using System.Collections.Concurrent;
using System.Globalization;

namespace BatchFunctions.Proof;

/// <summary>What a proof did and what it found; counted from many tasks at once.</summary>
internal sealed class Tally(string name)
{
    private readonly ConcurrentQueue<string> _violations = new();
    private readonly ConcurrentDictionary<string, int> _counts = new();

    public string Name => name;

    /// <summary>What broke the promise, in words; none if all is well.</summary>
    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>Blobs of results that no file names.</summary>
    public ConcurrentQueue<string> Left { get; } = new();

    public int this[string what] => _counts.GetValueOrDefault(what);

    public void Add(string what, int count = 1) => _counts.AddOrUpdate(what, count, (_, before) => before + count);

    public void Violate(string violation) => _violations.Enqueue(violation);

    /// <summary>The one line that a proof ends with.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{name}: {this[Count.Batches]} batches, {this[Count.Kills]} kills, {this[Count.Freezes]} freezes, {this[Count.Redeliveries]} redeliveries, {this[Count.Faults]} faults, {this[Count.Restarts]} storage restarts; {this[Count.Lines]} lines checked, {this[Count.Lost]} lines lost, {this[Count.Doubled]} lines doubled, {this[Count.GivenUp]} lines given up; {this[Count.Calls]} upstream calls, {this[Count.CallsAgain]} of them made again; {this[Count.Committed]} lines committed when a worker died, {this[Count.CommittedAgain]} of them called again; {this[Count.Prefixes]} files read as they grew, {Left.Count} results left that no file names; {this[Count.Events]} events arrived, {this[Count.EventsTwice]} of them again, {this[Count.EventsRefused]} refused on their way; {_violations.Count} violations");
}

/// <summary>What is counted.</summary>
internal static class Count
{
    public const string Batches = "batches";
    public const string Kills = "kills";
    public const string Freezes = "freezes";
    public const string Redeliveries = "redeliveries";
    public const string Faults = "faults";
    public const string Restarts = "restarts";
    public const string Lines = "lines";
    public const string Lost = "lost";
    public const string Doubled = "doubled";
    public const string GivenUp = "given up";
    public const string Calls = "calls";
    public const string CallsAgain = "again";
    public const string Committed = "committed";
    public const string CommittedAgain = "committed again";
    public const string Prefixes = "prefixes";
    public const string Events = "events";
    public const string EventsTwice = "events twice";
    public const string EventsRefused = "events refused";
}
