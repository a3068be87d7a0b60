using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using BatchFunctions.Capacity;
using BatchFunctions.Fleet;
using BatchFunctions.Http;
using BatchFunctions.Upstream;

namespace BatchFunctions.Operators;

/// <summary>
/// An upstream, for operators: what all processes have told of it in its ledger, each within the last few seconds, and how it looks from
/// the process that answers. Of its address only the host is told: a path or a query may hold what is as good as a key.
/// </summary>
internal sealed class UpstreamObject(UpstreamEntry upstream, ShareLedger ledger)
{
    private const string Fixed = "fixed";
    private const string Auto = "auto";

    private readonly FleetFlight _flight = FleetFlight.Of(
        ledger.Auto?.Trial ?? 0, [.. ledger.Entries.Select(static entry => entry.Flight).OfType<FlightSummary>()]);

    public string Name { get; } = upstream.Name;

    public string Host { get; } = UpstreamAddress.TryParse(upstream.Options.BaseUrl, out var root) ? root.Host : "";

    [Description("The models that it serves by its settings: names, aliases and patterns; null where it takes every model that no other names.")]
    public IReadOnlyList<string>? Models { get; } = upstream.Models.TakesOthers ? null
        : [.. upstream.Models.Names, .. upstream.Models.Aliases.Keys, .. upstream.Models.Patterns.Select(static pattern => pattern.Text)];

    [Description("Whether the limit is set, or finds itself.")]
    [AllowedValues(Fixed, Auto)]
    public string LimitMode { get; } = upstream.Options.FixedConcurrency is null ? Auto : Fixed;

    [Description("The most lines in flight, of all processes together; null while none has been found.")]
    public int? Limit { get; } = upstream.Options.FixedConcurrency ?? ledger.Auto?.Limit;

    [Description("How many of these the processes hold.")]
    public int Held { get; } = ledger.Held;

    [Description("Lines that the upstream is answering.")]
    public int InFlight => _flight.InFlight;

    [Description("Lines of chunks that processes work on, which wait for their turn.")]
    public int Waiting { get; } = ledger.Entries.Sum(UpstreamProcessObject.WaitingOf);

    [Description("Lines sent since the limit last changed, or since each process began where it is fixed.")]
    public int Sent => _flight.Seen.Sent;

    [Description("Those of them that were refused (429 or 503), or timed out.")]
    public int Refused => _flight.Seen.Refused;

    [Description("Lines a second that went through in the last half minute.")]
    public double Throughput { get; } = Math.Round(ledger.Entries.Sum(static entry => entry.Flight?.Rate ?? 0), 2);

    [Description("The best that a process sees, of those with lines to send and the one that answers.")]
    public UpstreamHealthObject Condition { get; } =
        UpstreamHealthObject.Best([ConditionOf(upstream.Gate.Condition), .. ledger.Entries.Select(UpstreamProcessObject.ConditionOf)]);

    [Description("Processes with lines to send.")]
    public IReadOnlyList<UpstreamProcessObject> Processes { get; } =
    [
        .. ledger.Entries.Select(static entry => new UpstreamProcessObject(entry))
            .OrderByDescending(static process => process.Held)
            .ThenBy(static process => process.Process, StringComparer.Ordinal),
    ];

    [Description("Projects with lines in flight or waiting for their turn, those with the most first.")]
    public IReadOnlyList<UpstreamProjectObject> Projects { get; } =
    [
        .. ledger.Entries.SelectMany(static entry => entry.Demand)
            .GroupBy(static demand => demand.Project, StringComparer.Ordinal)
            .Select(static demands => new UpstreamProjectObject(demands.Key, demands.Sum(static demand => demand.Lines)))
            .OrderByDescending(static project => project.AtHand)
            .ThenBy(static project => project.Project, StringComparer.Ordinal),
    ];

    private static UpstreamHealthObject ConditionOf(UpstreamCondition condition) =>
        UpstreamHealthObject.Of(condition.IsKnown, condition.AwaySince, condition.Reason);
}

/// <summary>
/// A process with a share of an upstream. It goes by a number that stays the same as long as it runs, and not by its machine: instances
/// come and go, so that an operator only needs to tell them apart, while names of machines are of use to those who should not have them.
/// </summary>
internal sealed class UpstreamProcessObject(ShareEntry entry)
{
    /// <summary>Enough to tell a thousand processes apart, all but for sure.</summary>
    private const int NumberBytes = 4;

    [Description("A number of the process, the same as long as it runs.")]
    public string Process { get; } =
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(entry.Worker)).AsSpan(0, NumberBytes));

    [Description("The lines that it may have in flight, or still has.")]
    public int Held { get; } = entry.Holds;

    public int InFlight { get; } = entry.Flight?.InFlight ?? 0;

    [Description("Lines of chunks that it works on, which wait for their turn.")]
    public int Waiting { get; } = WaitingOf(entry);

    [Description("Lines a second that went through in the last half minute.")]
    public double Throughput { get; } = entry.Flight?.Rate ?? 0;

    [Description("As the process sees the upstream.")]
    public UpstreamHealthObject Condition { get; } = ConditionOf(entry);

    /// <summary>The upstream as a process sees it.</summary>
    public static UpstreamHealthObject ConditionOf(ShareEntry entry) => UpstreamHealthObject.Of(
        entry.ThroughSince is not null || entry.AwaySince is not null,
        entry.AwaySince is { } since ? DateTimeOffset.FromUnixTimeMilliseconds(since) : null,
        entry.AwayReason);

    /// <summary>The lines of a process that are not in flight; the two were told one after the other.</summary>
    public static int WaitingOf(ShareEntry entry) =>
        Math.Max(0, entry.Demand.Sum(static demand => demand.Lines) - (entry.Flight?.InFlight ?? 0));
}

/// <summary>A project with lines in processes.</summary>
internal sealed class UpstreamProjectObject(string project, int atHand)
{
    [Description("Null for those that a process does not tell apart, being the smallest of many.")]
    public string? Project { get; } = project.Length > 0 ? project : null;

    [Description("Its lines in flight, and those of chunks that processes work on, which wait for their turn.")]
    public int AtHand { get; } = atHand;
}
