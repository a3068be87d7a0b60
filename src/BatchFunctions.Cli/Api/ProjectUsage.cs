using System.Text.Json;

namespace BatchFunctions.Cli.Api;

/// <summary>What a project has used, as BatchFunctions returns it; other services have no such operation.</summary>
internal sealed record ProjectUsage(IReadOnlyList<UsageBucket> Data)
{
    /// <summary>The service's own JSON.</summary>
    public JsonElement Json { get; init; }

    /// <summary>Reads a page of usage.</summary>
    /// <exception cref="JsonException">The JSON is no such object.</exception>
    public static ProjectUsage Read(JsonElement json) =>
        new(json.GetProperty("data").Deserialize(ApiJson.Default.IReadOnlyListUsageBucket)!) { Json = json };
}

/// <summary>A stretch of time, and what was used in it.</summary>
internal sealed record UsageBucket(long StartTime, long EndTime, IReadOnlyList<UsageResult> Results);

/// <summary>What batches come to that ended in it.</summary>
internal sealed record UsageResult(
    string? Model,
    UsageBatches Batches,
    UsageRequests Requests,
    IReadOnlyList<UsageFailure> Failures,
    long InputTokens,
    long OutputTokens,
    long BatchSeconds);

/// <summary>Batches that have ended.</summary>
internal sealed record UsageBatches(long Total, long Completed);

/// <summary>Their lines.</summary>
internal sealed record UsageRequests(long Total, long Completed, long Failed);

/// <summary>Lines that failed in one way.</summary>
internal sealed record UsageFailure(string Kind, long Requests);
