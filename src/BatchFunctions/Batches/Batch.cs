using System.ComponentModel;
using Azure;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Storage;

namespace BatchFunctions.Batches;

/// <summary>A batch as its row keeps it. Times are UTC.</summary>
internal sealed record Batch
{
    public required string Tenant { get; init; }

    public required string Id { get; init; }

    public required BatchStatus Status { get; init; }

    public required string Endpoint { get; init; }

    public required string InputFileId { get; init; }

    public required string CompletionWindow { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The deadline: what has not been answered by then is not sent any more.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The model that all lines share; null until validation has seen them, and where they differ.</summary>
    public string? Model { get; init; }

    public IReadOnlyList<BatchError> Errors { get; init; } = [];

    public string? OutputFileId { get; init; }

    public string? ErrorFileId { get; init; }

    public DateTimeOffset? InProgressAt { get; init; }

    public DateTimeOffset? FinalizingAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public DateTimeOffset? FailedAt { get; init; }

    public DateTimeOffset? ExpiredAt { get; init; }

    public DateTimeOffset? CancellingAt { get; init; }

    public DateTimeOffset? CancelledAt { get; init; }

    public RequestCounts Counts { get; init; }

    public TokenUsage Usage { get; init; }

    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Seconds that the output and error files live; null when they are kept.</summary>
    public long? OutputExpiresAfter { get; init; }

    /// <summary>The chunk sizes that hold for this batch, however the settings change while it runs.</summary>
    public required int ChunkLines { get; init; }

    /// <inheritdoc cref="ChunkLines"/>
    public required int ChunkBytes { get; init; }

    /// <summary>How many chunks there are to be, about, however many lines: see <c>ChunkCutter</c>.</summary>
    public required int ChunkTarget { get; init; }

    /// <summary>How many chunk rows the batch has; null until validation has written them.</summary>
    public int? ChunkCount { get; init; }

    /// <summary>Bytes in the input file.</summary>
    public long InputBytes { get; init; }

    /// <summary>Where the input's bytes are.</summary>
    public required BlobLocation InputBlob { get; init; }

    /// <summary>The status that a <see cref="BatchStatus.Finalizing"/> batch ends with, decided when it became so.</summary>
    public BatchStatus? Outcome { get; init; }

    /// <summary>When the counts moved last.</summary>
    public DateTimeOffset? ProgressAt { get; init; }

    /// <summary>When messages were last sent again for want of progress.</summary>
    public DateTimeOffset? SentAgainAt { get; init; }

    /// <summary>How often the messages of unclaimed chunks were sent again without progress between.</summary>
    public int Resends { get; init; }

    /// <summary>How often the validation of this batch ended on the poison queue.</summary>
    public int Strikes { get; init; }

    /// <summary>The W3C trace context of the request that created the batch.</summary>
    public string? TraceParent { get; init; }

    public ETag ETag { get; init; }

    public BatchKey Key => new(Tenant, Id);

    public bool IsOverdue(DateTimeOffset now) => now >= ExpiresAt;

    /// <summary>Whether lines that are not yet answered may still be sent.</summary>
    public bool Runs(DateTimeOffset now) => Status == BatchStatus.InProgress && !IsOverdue(now);
}

/// <summary>Lines of a batch. What never ran (cancelled, expired) is counted in <see cref="Total"/> alone.</summary>
internal readonly record struct RequestCounts(
    int Total, int Completed, [property: Description("Lines that never ran are in the total alone.")] int Failed);

/// <summary>An entry of a failed batch's <c>errors.data</c>; the line is 1-based.</summary>
internal sealed record BatchError(string Code, string Message, string? Param, [property: Description("1-based.")] int? Line);
