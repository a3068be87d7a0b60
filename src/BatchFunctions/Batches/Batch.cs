using Azure;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Progress;
using BatchFunctions.Storage;

namespace BatchFunctions.Batches;

/// <summary>
/// A batch, as stored in its row. Times are UTC. The status changes only through the verbs (<see cref="Begin"/>,
/// <see cref="Cancel"/> and so on), each of which consults <see cref="BatchTransitions"/>.
/// </summary>
/// <remarks>One file, though a long one: a row has fifty columns, and whoever changes one looks at the verbs that write it.</remarks>
internal sealed record Batch : IFenced<Batch>
{
    /// <summary>A new batch, or one read from its row.</summary>
    public Batch(BatchStatus status) => Status = status;

    public required string Tenant { get; init; }

    public required string Id { get; init; }

    public BatchStatus Status { get; private init; }

    public required string Endpoint { get; init; }

    public required string InputFileId { get; init; }

    public required string CompletionWindow { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The deadline: lines not answered by then are no longer sent.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The model that all lines share; null until validation has seen them, and if they differ.</summary>
    public string? Model { get; init; }

    public IReadOnlyList<BatchError> Errors { get; init; } = [];

    /// <summary>The file of the lines that succeeded, as far as it is published; null until there is one.</summary>
    public string? OutputFileId { get; init; }

    /// <summary>The file of the other lines, as far as it is published; null until there is one.</summary>
    public string? ErrorFileId { get; init; }

    /// <summary>The ids of the files that it has so far.</summary>
    public IEnumerable<string> ResultFileIds => new[] { OutputFileId, ErrorFileId }.OfType<string>();

    /// <summary>How many segments of the output are published.</summary>
    public int OutputSegments { get; init; }

    /// <summary>How many segments of the errors are published.</summary>
    public int ErrorSegments { get; init; }

    public DateTimeOffset? InProgressAt { get; init; }

    public DateTimeOffset? FinalizingAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public DateTimeOffset? FailedAt { get; init; }

    public DateTimeOffset? ExpiredAt { get; init; }

    public DateTimeOffset? CancellingAt { get; init; }

    public DateTimeOffset? CancelledAt { get; init; }

    public RequestCounts Counts { get; init; }

    /// <summary>Whether none of its results has been counted, so that nobody has seen it move.</summary>
    public bool IsUncounted => Counts is { Completed: 0, Failed: 0 };

    public TokenUsage Usage { get; init; }

    /// <summary>The lines that failed, by kind; known once it has ended.</summary>
    public FailureKinds Failures { get; init; } = FailureKinds.None;

    /// <summary>When it ended; null while it has not.</summary>
    public DateTimeOffset? EndedAt => Status switch
    {
        BatchStatus.Completed => CompletedAt,
        BatchStatus.Failed => FailedAt,
        BatchStatus.Expired => ExpiredAt,
        BatchStatus.Cancelled => CancelledAt,
        _ => null,
    };

    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>The lifetime of the output and error files, in seconds; null if they do not expire.</summary>
    public long? OutputExpiresAfter { get; init; }

    /// <summary>The chunk sizes of this batch, which hold even if the settings change while it runs.</summary>
    public required int ChunkLines { get; init; }

    /// <inheritdoc cref="ChunkLines"/>
    public required int ChunkBytes { get; init; }

    /// <summary>The approximate number of chunks to aim for; see <c>ChunkCutter</c>.</summary>
    public required int ChunkTarget { get; init; }

    /// <summary>The number of the batch's chunk rows; null until validation has written them.</summary>
    public int? ChunkCount { get; init; }

    /// <summary>What the first chunks come to, which have ended and are published.</summary>
    public SettledChunks Settled { get; init; }

    /// <summary>How many chunks have a message at a time; null for all of them, as in rows of older versions.</summary>
    public int? ChunkWindow { get; init; }

    /// <summary>The size of the input file, in bytes.</summary>
    public long InputBytes { get; init; }

    /// <summary>The blob that holds the input.</summary>
    public required BlobLocation InputBlob { get; init; }

    /// <summary>
    /// The status that a <see cref="BatchStatus.Finalizing"/> batch will end with, decided on entering that status.
    /// </summary>
    public BatchStatus? Outcome { get; init; }

    /// <summary>When the counts last changed; at first, when the lines began to be sent.</summary>
    public DateTimeOffset? ProgressAt { get; init; }

    /// <summary>Since when none of its chunks is open but those whose rows cannot be read; null, or from before the last progress, where that is not so.</summary>
    public DateTimeOffset? UnreadableSince { get; init; }

    /// <summary>How many lines were done when.</summary>
    public ProgressHistory History { get; init; } = ProgressHistory.None;

    /// <summary>When messages were last sent again for lack of progress.</summary>
    public DateTimeOffset? SentAgainAt { get; init; }

    /// <summary>What counts of the messages sent again once one of them has come: four times the shortest wait is between any two from then on.</summary>
    private const int ResendsWhenTried = 2;

    /// <summary>How often the messages of the batch have been sent again since the last progress.</summary>
    public int Resends { get; init; }

    /// <summary>How often the message to validate this batch has ended on the poison queue.</summary>
    public int Strikes { get; init; }

    /// <summary>When the last strike was counted; null where there was none, or an earlier version counted it.</summary>
    public DateTimeOffset? StruckAt { get; init; }

    /// <summary>The W3C trace context of the request that created the batch.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The batch whose lines it sends once more; null if it is of a file of its own.</summary>
    public string? RetryOf { get; init; }

    /// <summary>
    /// The next batch of its family upwards: what it is a retry of, or, where that was deleted, what that was a retry of. Callers are told the former.
    /// </summary>
    public string? Above { get => field ?? RetryOf; init; }

    /// <summary>The codes and statuses that narrow which lines it sends once more; empty for all that have failed.</summary>
    public IReadOnlyList<string> RetryOnly { get; init; } = [];

    /// <summary>The batches that send lines of this one once more, the latest last.</summary>
    public IReadOnlyList<string> Retries { get; init; } = [];

    /// <summary>A tombstone: the batch was deleted, and its row stays until the rest of it is gone.</summary>
    public bool Deleted { get; init; }

    /// <summary>Where the event that it has ended is sent beside its project's webhooks; null for nowhere.</summary>
    public BatchWebhook? Webhook { get; init; }

    /// <summary>Whether its input is still to be made of the files of the batch that it is a retry of.</summary>
    public bool AwaitsInput => RetryOf is not null && InputBytes == 0;

    /// <summary>Whether it failed for what its input is, before any line was sent.</summary>
    public bool WasRefused =>
        Status == BatchStatus.Failed && Counts.Total == 0 && Errors.Any(error => error.Code is not (BatchFailures.Internal or BatchFailures.Lost));

    /// <summary>
    /// Why the batch's row cannot be read, if it cannot: then the batch counts as failed, and nothing of it is changed, so
    /// that its row can be mended.
    /// </summary>
    public string? Unreadable { get; init; }

    public ETag ETag { get; init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object>? Unknown { get; private init; }

    public BatchKey Key => new(Tenant, Id);

    /// <summary>The batch after validation, with its lines known and the first about to be sent.</summary>
    /// <param name="lines">Lines in the input.</param>
    /// <param name="model">The model that all of them share; null if they differ.</param>
    /// <param name="chunks">Chunks that they were cut into.</param>
    /// <param name="window">How many of them have a message at a time.</param>
    /// <param name="now">The time.</param>
    public Batch Begin(int lines, string? model, int chunks, int window, DateTimeOffset now) => To(BatchStatus.InProgress) with
    {
        InProgressAt = now,
        ProgressAt = now,
        History = ProgressHistory.None.With(now, 0),
        Resends = 0,
        Model = model,
        Counts = new RequestCounts(lines, 0, 0),
        ChunkCount = chunks,
        ChunkWindow = window,
    };

    /// <summary>The batch with its cancellation requested.</summary>
    public Batch Cancel(DateTimeOffset now) => To(BatchStatus.Cancelling) with { CancellingAt = now };

    /// <summary>The batch with nothing left to send, about to have its files put together.</summary>
    /// <param name="outcome">The status it will end with.</param>
    /// <param name="now">The time.</param>
    public Batch Finalize(BatchStatus outcome, DateTimeOffset now) =>
        To(BatchStatus.Finalizing) with { Outcome = outcome, FinalizingAt = now };

    /// <summary>
    /// The batch about to fail, with what was answered put together first. A batch whose files are being put together for
    /// another outcome may come to this.
    /// </summary>
    /// <param name="error">Why it fails.</param>
    /// <param name="now">The time.</param>
    public Batch FinalizeFailed(BatchError error, DateTimeOffset now) =>
        (Status == BatchStatus.Finalizing ? this : To(BatchStatus.Finalizing)) with
        {
            Outcome = BatchStatus.Failed,
            FinalizingAt = FinalizingAt ?? now,
            Errors = [error],
        };

    /// <summary>The batch ended, as decided. Why it failed, if it did, its row has said since it was finalizing.</summary>
    public Batch End(BatchEnd end) => To(end.Outcome) with
    {
        OutputFileId = end.OutputFileId,
        ErrorFileId = end.ErrorFileId,
        Counts = end.Counts,
        History = History.With(end.At, end.Counts.Completed + end.Counts.Failed),
        Usage = end.Usage,
        Failures = end.Failures ?? FailureKinds.None,
        Errors = end.Outcome == BatchStatus.Failed ? Errors : [],
        CompletedAt = end.Outcome == BatchStatus.Completed ? end.At : null,
        FailedAt = end.Outcome == BatchStatus.Failed ? end.At : null,
        ExpiredAt = end.Outcome == BatchStatus.Expired ? end.At : null,
        CancelledAt = end.Outcome == BatchStatus.Cancelled ? end.At : null,
    };

    /// <summary>The batch with its input made.</summary>
    /// <param name="bytes">The input's size, in bytes.</param>
    public Batch WithInput(long bytes) => this with { InputBytes = bytes };

    /// <summary>The batch failed, without results.</summary>
    public Batch Fail(IReadOnlyList<BatchError> errors, DateTimeOffset now) =>
        To(BatchStatus.Failed) with { FailedAt = now, Errors = errors };

    /// <summary>The batch with new counts.</summary>
    public Batch Progress(int completed, int failed, TokenUsage usage, DateTimeOffset now) =>
        this with
        {
            Counts = Counts with { Completed = completed, Failed = failed },
            Usage = usage,
            ProgressAt = now,
            History = History.With(now, completed + failed),
            Resends = 0,
        };

    /// <summary>The batch with its messages sent once more for lack of progress.</summary>
    public Batch SentAgain(DateTimeOffset now) => this with { SentAgainAt = now, Resends = Resends + 1 };

    /// <summary>
    /// The batch whose message has come, and was let go since storage failed: the next is sent a while from now, however many have been sent in vain.
    /// </summary>
    public Batch Tried(DateTimeOffset now) => this with { SentAgainAt = now, Resends = Math.Min(Resends, ResendsWhenTried) };

    /// <summary>The batch with one more strike: its validation message ended on the poison queue.</summary>
    public Batch Strike(DateTimeOffset now) => this with { Strikes = Strikes + 1, StruckAt = now };

    /// <summary>The lines that wait for an answer: of a batch that is cancelled or put together, none any more.</summary>
    public int WaitingLines => Status == BatchStatus.InProgress ? Counts.Total - Counts.Completed - Counts.Failed : 0;

    public bool IsOverdue(DateTimeOffset now) => now >= ExpiresAt;

    /// <summary>Whether open lines may still be sent.</summary>
    public bool Runs(DateTimeOffset now) => Status == BatchStatus.InProgress && !IsOverdue(now);

    /// <inheritdoc/>
    public Batch InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown) => this with { ETag = etag, Unknown = unknown };

    /// <summary>The batch in another status; throws if the transition is not allowed.</summary>
    private Batch To(BatchStatus status) => BatchTransitions.Leads(Status, status)
        ? this with { Status = status }
        : throw BatchTransitions.Refusal(Id, Status, status);
}
