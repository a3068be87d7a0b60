using System.Text.Json;
using System.Text.Json.Serialization;

namespace BatchFunctions.Cli.Api;

/// <summary>What a project may have, has, and has left, as BatchFunctions returns it; other services have no such operation.</summary>
internal sealed record ProjectLimits
{
    public string Project { get; init; } = "";

    public string? Role { get; init; }

    public long? Weight { get; init; }

    public LimitUsage? Batches { get; init; }

    public LimitUsage? EnqueuedRequests { get; init; }

    public LimitUsage? StoredBytes { get; init; }

    public LimitUsage? OpenUploads { get; init; }

    public LimitUsage? OpenUploadBytes { get; init; }

    public long? MaxRequestsPerBatch { get; init; }

    public long? MaxInputBytes { get; init; }

    public long? MaxLineBytes { get; init; }

    public long? MaxFileBytes { get; init; }

    /// <summary>The service's own JSON.</summary>
    [JsonIgnore]
    public JsonElement Json { get; init; }

    /// <summary>Reads the limits.</summary>
    /// <exception cref="JsonException">The JSON is no such object.</exception>
    public static ProjectLimits Read(JsonElement json) => json.Deserialize(ApiJson.Default.ProjectLimits)! with { Json = json };
}

/// <summary>How much of something a project may have, and has.</summary>
internal sealed record LimitUsage(long Limit, long Used, long Remaining);
