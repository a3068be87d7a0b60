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

    /// <summary>What it has seen of its lines in flight.</summary>
    [JsonPropertyName("f")]
    public FlightSummary? Flight { get; init; }
}
