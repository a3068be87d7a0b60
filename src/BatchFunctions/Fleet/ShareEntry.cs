using System.Text.Json.Serialization;
using BatchFunctions.Capacity;

namespace BatchFunctions.Fleet;

/// <summary>A process's share of an upstream, as its ledger has it.</summary>
internal sealed record ShareEntry
{
    /// <summary>The process: <see cref="Ids.WorkerIdentity.NewClaim"/>.</summary>
    [JsonPropertyName("id")]
    public required string Worker { get; init; }

    /// <summary>The lines that it may have in flight, or still has.</summary>
    [JsonPropertyName("h")]
    public required int Holds { get; init; }

    /// <summary>Until when, by storage's clock, in Unix milliseconds.</summary>
    [JsonPropertyName("u")]
    public required long Until { get; init; }

    /// <summary>What it has to send.</summary>
    [JsonPropertyName("d")]
    public required IReadOnlyList<ProjectDemand> Demand { get; init; }

    /// <summary>
    /// Since when its lines have gone through, if one has lately, in Unix milliseconds. An earlier version does not say, and leaves it out
    /// when it writes the ledger.
    /// </summary>
    [JsonPropertyName("t")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ThroughSince { get; init; }

    /// <summary>
    /// Since when nobody of it gets through, in Unix milliseconds; null while lines do, or none has been sent. An earlier version does not
    /// say either.
    /// </summary>
    [JsonPropertyName("a")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? AwaySince { get; init; }

    /// <summary>What was met last while nobody gets through.</summary>
    [JsonPropertyName("w")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AwayReason { get; init; }

    /// <summary>What it has seen of its lines in flight.</summary>
    [JsonPropertyName("f")]
    public FlightSummary? Flight { get; init; }
}
