using System.Text.Json.Serialization;
using BatchFunctions.Capacity;

namespace BatchFunctions.Fleet;

/// <summary>
/// Who may have how many lines in flight at an upstream. The shares never add up to more than the limit: a process takes only what no
/// other holds, gives up what is beyond its part as its lines come back, and what a dead one held is free when its lease is over. Where
/// the limit falls, nobody takes more until enough has come back, and each keeps what it holds within its part.
/// </summary>
/// <param name="Entries">The processes' shares.</param>
/// <param name="Auto">What is known of the limit that finds itself.</param>
internal sealed record ShareLedger(
    [property: JsonPropertyName("shares")] IReadOnlyList<ShareEntry> Entries,
    [property: JsonPropertyName("auto")] AutoLimitState? Auto)
{
    /// <summary>Projects of a process that are told apart; the smallest go together.</summary>
    private const int MostProjects = 8;

    /// <summary>How long a share holds, unless it is renewed.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    /// <summary>A ledger that nobody has written to.</summary>
    public static ShareLedger Empty { get; } = new([], null);

    /// <summary>The lines that are held.</summary>
    [JsonIgnore]
    public int Held => Entries.Sum(static entry => entry.Holds);

    /// <summary>The ledger without those whose lease is over, or who are known to be dead.</summary>
    /// <param name="now">The time, by storage's clock.</param>
    /// <param name="isDead">Whether a process is known to have ended.</param>
    public ShareLedger Living(DateTimeOffset now, Func<string, bool> isDead)
    {
        var at = now.ToUnixTimeMilliseconds();
        return this with { Entries = [.. Entries.Where(entry => entry.Until > at && !isDead(entry.Worker))] };
    }

    /// <summary>The ledger without a process that has nothing to send any more.</summary>
    public ShareLedger Without(string worker) => this with { Entries = [.. Entries.Where(entry => entry.Worker != worker)] };

    /// <summary>Renews or begins a process's share.</summary>
    /// <param name="worker">The process.</param>
    /// <param name="demand">What it has to send.</param>
    /// <param name="flight">What it has seen of its lines in flight.</param>
    /// <param name="limit">The most lines in flight of the whole fleet.</param>
    /// <param name="now">The time, by storage's clock.</param>
    /// <returns>The ledger after it, and what the process may do.</returns>
    public (ShareLedger Ledger, ShareGrant Grant) Renew(
        string worker, ShareDemand demand, FlightSummary? flight, int limit, DateTimeOffset now)
    {
        var others = Without(worker);
        var mine = new ShareEntry
        {
            Worker = worker,
            Holds = 0,
            Until = (now + Lease).ToUnixTimeMilliseconds(),
            Demand = Bounded(demand.Projects),
            ThroughSince = demand.ThroughSince?.ToUnixTimeMilliseconds(),
            AwaySince = demand.AwaySince?.ToUnixTimeMilliseconds(),
            AwayReason = demand.AwayReason,
            Flight = flight,
        };
        ShareEntry[] all = [.. others.Entries.Append(mine).OrderBy(static entry => entry.Worker, StringComparer.Ordinal)];
        var (parts, spare) = PartsOf(all, limit);
        var whole = WaterFill.Whole([.. parts.Select(static projects => projects.Values.Sum())]);
        var own = Array.IndexOf(all, mine);

        // Half of what nobody wants, so that lines that come meanwhile need not wait for the next renewal, nor a new process for ours.
        var part = whole[own] + (int)(spare / 2 / all.Length);

        // What it holds stays its own, up to its part, though others still hold more than theirs where the limit has fallen.
        var held = Entries.FirstOrDefault(entry => entry.Worker == worker)?.Holds ?? 0;
        var atMost = Math.Max(held, limit - others.Held);
        var lines = Math.Min(part, atMost);
        var holds = Math.Max(lines, Math.Min(demand.InFlight, atMost));
        var grant = new ShareGrant(
            lines, limit, Lease, others.Auto?.Trial ?? 0, lines < whole[own] || demand.InFlight > lines, parts[own]);
        return (others with { Entries = [.. others.Entries, mine with { Holds = holds }] }, grant);
    }

    /// <summary>
    /// Each process's part by project: what a project has of the limit, by its weight over the whole fleet, goes to processes as they
    /// have lines of it.
    /// </summary>
    private static (IReadOnlyList<Dictionary<string, double>> Parts, double Spare) PartsOf(IReadOnlyList<ShareEntry> all, int limit)
    {
        var projects = all.SelectMany(static entry => entry.Demand)
            .GroupBy(static demand => demand.Project, StringComparer.Ordinal)
            .Select(static group => (Name: group.Key, Lines: (double)group.Sum(static one => one.Lines), Weight: group.Max(static one => one.Weight)))
            .ToList();
        var filled = WaterFill.Of(limit, [.. projects.Select(static project => (project.Lines, project.Weight))]);
        var share = projects.Zip(filled)
            .Where(static pair => pair.First.Lines > 0)
            .ToDictionary(static pair => pair.First.Name, static pair => pair.Second / pair.First.Lines, StringComparer.Ordinal);
        var parts = all
            .Select(entry => entry.Demand.Where(static one => one.Lines > 0).ToDictionary(
                static one => one.Project, one => one.Lines * share[one.Project], StringComparer.Ordinal))
            .ToList();
        return (parts, Math.Max(0, limit - filled.Sum()));
    }

    private static List<ProjectDemand> Bounded(IReadOnlyList<ProjectDemand> demand)
    {
        var sorted = demand.Where(static one => one.Lines > 0).OrderByDescending(static one => one.Lines).ToList();
        if (sorted.Count <= MostProjects)
        {
            return sorted;
        }

        var rest = sorted[(MostProjects - 1)..];
        return
        [
            .. sorted[..(MostProjects - 1)],
            new ProjectDemand("", rest.Sum(static one => one.Weight), rest.Sum(static one => one.Lines)),
        ];
    }
}
