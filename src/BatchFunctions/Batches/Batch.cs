using Azure;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Storage;

namespace BatchFunctions.Batches;

/// <summary>
/// A batch as its row keeps it. Times are UTC. Its status moves by the verbs alone, each of which passes through
/// <see cref="BatchTransitions"/>.
/// </summary>
internal sealed record Batch
{
    /// <summary>A new batch, or one as its row has it.</summary>
    public Batch(BatchStatus status) => Status = status;

    public required string Tenant { get; init; }

    public required string Id { get; init; }

    public BatchStatus Status { get; private init; }

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

    /// <summary>The batch whose input is valid and whose chunk rows are written: its lines may be sent.</summary>
    /// <param name="lines">Lines in the input.</param>
    /// <param name="chunks">How many chunk rows there are.</param>
    /// <param name="model">The model that all lines share, if they do.</param>
    /// <param name="now">The time.</param>
    public Batch Begin(int lines, int chunks, string? model, DateTimeOffset now) => To(BatchStatus.InProgress) with
    {
        InProgressAt = now,
        ProgressAt = now,
        Resends = 0,
        Model = model,
        Counts = new RequestCounts(lines, 0, 0),
        ChunkCount = chunks,
    };

    /// <summary>The batch with what its chunks have come to; the same where that has not changed.</summary>
    public Batch Count(int completed, int failed, TokenUsage usage, DateTimeOffset now)
    {
        var counts = Counts with { Completed = completed, Failed = failed };
        return counts == Counts ? this : this with { Counts = counts, Usage = usage, ProgressAt = now, Resends = 0 };
    }

    /// <summary>The batch on its way to being cancelled: nothing more of it is sent.</summary>
    public Batch Cancel(DateTimeOffset now) => To(BatchStatus.Cancelling) with { CancellingAt = now };

    /// <summary>The batch with nothing left to send: its files are made, and it ends with this outcome.</summary>
    public Batch Finalize(BatchStatus outcome, DateTimeOffset now) =>
        To(BatchStatus.Finalizing) with { Outcome = outcome, FinalizingAt = now };

    /// <summary>The batch at its end, as its manifest says.</summary>
    public Batch End(
        BatchStatus outcome,
        string? outputFileId,
        string? errorFileId,
        RequestCounts counts,
        TokenUsage usage,
        DateTimeOffset finishedAt) => To(outcome) with
    {
        OutputFileId = outputFileId,
        ErrorFileId = errorFileId,
        Counts = counts,
        Usage = usage,
        CompletedAt = outcome == BatchStatus.Completed ? finishedAt : null,
        ExpiredAt = outcome == BatchStatus.Expired ? finishedAt : null,
        CancelledAt = outcome == BatchStatus.Cancelled ? finishedAt : null,
    };

    /// <summary>The batch ended by what its caller, or the service, has done wrong.</summary>
    public Batch Fail(IReadOnlyList<BatchError> errors, DateTimeOffset now) =>
        To(BatchStatus.Failed) with { FailedAt = now, Errors = errors };

    private Batch To(BatchStatus status) => BatchTransitions.Leads(Status, status)
        ? this with { Status = status }
        : throw BatchTransitions.Refusal(Id, Status, status);
}

/// <summary>Lines of a batch. What never ran (cancelled, expired) is counted in <see cref="Total"/> alone.</summary>
internal readonly record struct RequestCounts(int Total, int Completed, int Failed);

/// <summary>An entry of a failed batch's <c>errors.data</c>; the line is 1-based.</summary>
internal sealed record BatchError(string Code, string Message, string? Param, int? Line);
