using System.Text.Json;
using System.Text.Json.Serialization;

namespace BatchFunctions.Cli.Api;

/// <summary>A batch as the service returns it. Properties that a service leaves out are null.</summary>
internal sealed record Batch
{
    public required string Id { get; init; }

    public string Status { get; init; } = "";

    public string? Endpoint { get; init; }

    public string? Model { get; init; }

    public BatchErrors? Errors { get; init; }

    public string? InputFileId { get; init; }

    public string? OutputFileId { get; init; }

    public string? ErrorFileId { get; init; }

    public long? CreatedAt { get; init; }

    public long? InProgressAt { get; init; }

    public long? ExpiresAt { get; init; }

    public long? FinalizingAt { get; init; }

    public long? CompletedAt { get; init; }

    public long? FailedAt { get; init; }

    public long? ExpiredAt { get; init; }

    public long? CancellingAt { get; init; }

    public long? CancelledAt { get; init; }

    public BatchCounts? RequestCounts { get; init; }

    public BatchUsage? Usage { get; init; }

    public Dictionary<string, string>? Metadata { get; init; }

    public string? RetryOf { get; init; }

    public IReadOnlyList<string>? Retries { get; init; }

    /// <summary>
    /// The batch that it is a retry of, by the service or, where this program has made it by itself, by its metadata.
    /// </summary>
    [JsonIgnore]
    public string? Retried => RetryOf ?? Metadata?.GetValueOrDefault(RetryKey);

    /// <summary>The metadata's key under which this program notes what a batch is a retry of.</summary>
    public const string RetryKey = "retry_of";

    /// <summary>The service's own JSON.</summary>
    [JsonIgnore]
    public JsonElement Json { get; init; }

    /// <summary>Whether there is anything to download.</summary>
    [JsonIgnore]
    public bool HasResults => OutputFileId is not null || ErrorFileId is not null;

    /// <summary>Whether the batch has ended, so that it will not change any more.</summary>
    [JsonIgnore]
    public bool HasEnded => Status is "completed" or "failed" or "expired" or "cancelled";

    /// <summary>When it ended, in Unix seconds; null before.</summary>
    [JsonIgnore]
    public long? EndedAt => CompletedAt ?? FailedAt ?? ExpiredAt ?? CancelledAt;

    /// <summary>The exit code for the way in which the batch ended.</summary>
    [JsonIgnore]
    public int ExitCode => Status switch
    {
        // Some services name an error file even if it is empty.
        "completed" => (RequestCounts is { } counts ? counts.Failed > 0 : ErrorFileId is not null) ? ExitCodes.LinesFailed : ExitCodes.Done,
        "failed" => ExitCodes.BatchFailed,
        _ => ExitCodes.BatchStopped,
    };

    /// <summary>Reads a batch.</summary>
    /// <exception cref="JsonException">The JSON is not a batch.</exception>
    public static Batch Read(JsonElement json) => json.Deserialize(ApiJson.Default.Batch)! with { Json = json };
}

/// <summary>The counts of a batch's lines.</summary>
internal sealed record BatchCounts(long Total, long Completed, long Failed)
{
    /// <summary>Lines that have been answered or have failed.</summary>
    [JsonIgnore]
    public long Done => Completed + Failed;
}

/// <summary>The tokens that a batch has used.</summary>
internal sealed record BatchUsage(long InputTokens, long OutputTokens, long TotalTokens);

/// <summary>The errors of a failed batch.</summary>
internal sealed record BatchErrors(IReadOnlyList<BatchError>? Data);

/// <summary>One error of a failed batch.</summary>
internal sealed record BatchError(string? Code, string? Message, string? Param, long? Line);
