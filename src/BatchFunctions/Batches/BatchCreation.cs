using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Idempotency;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Batches;

/// <summary>Creates batches from uploaded files.</summary>
internal sealed partial class BatchCreation(
    BatchStore batches,
    BatchQuota quota,
    FileStore files,
    BatchQueues queues,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<BatchCreation> logger)
{
    /// <summary>
    /// The longest time between the first write and the second. The sweep waits much longer before it takes the first
    /// for an orphan.
    /// </summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Creates a batch in this order: the <c>activebatches</c> row, then the look at the input file and, beside it, the count of the project's batches, the
    /// batch row, the message. The next sweep is asked for before the batch row, too. The first comes before the second because whoever deletes a file marks its row and then looks for
    /// active batches: one of the two sees the other, and a file whose mark stands is not read. The file is looked at once before
    /// that, for its lines, which never change, unless this process has stored it. A crash after the first write leaves a row that the sweep
    /// removes, and that counts until then; after the batch row, a batch whose message that sweep sends. Once the batch row is written the batch is
    /// returned even if the send fails: a client that is told of a failure would create a second batch.
    /// </summary>
    /// <returns>
    /// The batch; null if the input file does not exist, belongs to another tenant or has another purpose.
    /// </returns>
    /// <exception cref="ApiException">
    /// The project has as much as it may have, or it is not decided yet whether the input file is deleted.
    /// </exception>
    public Task<Batch?> TryCreateAsync(NewBatch request, CancellationToken ct) =>
        TryCreateAsync(request, IdKind.Batch.New(time.GetUtcNow()), ct);

    /// <inheritdoc cref="TryCreateAsync(NewBatch, CancellationToken)"/>
    /// <param name="request">What it is made from.</param>
    /// <param name="id">Its id.</param>
    /// <param name="ct">Cancels the operation, up to the batch's row.</param>
    public async Task<Batch?> TryCreateAsync(NewBatch request, string id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        using var span = BatchTracing.StartCreate(id);
        var key = new BatchKey(request.Tenant, id);
        if (await LinesOfAsync(request.Tenant, request.InputFileId, ct) is not { } lines)
        {
            return null;
        }

        Task<StoredFile?>? looking = null;
        return await MakeAsync(
            new ActiveBatch(key, request.InputFileId, now) { Lines = lines },
            beside: () => looking = SettledAsync(request.Tenant, request.InputFileId, now, ct),
            async () => await looking! is { Purpose: FilePurposes.Batch } file ? NewRow(id, request, file.Blob, file.Bytes) : null,
            ct);
    }

    /// <summary>Makes a batch in the order that <see cref="TryCreateAsync(NewBatch, CancellationToken)"/> tells.</summary>
    /// <param name="entry">Its active row.</param>
    /// <param name="beside">Begins to look at what the batch is made of, while the project's batches are counted; it changes nothing.</param>
    /// <param name="rowOf">Looks at what the batch is made of, and makes its row; null if something of it is gone.</param>
    /// <param name="ct">Cancels the operation, up to the batch's row.</param>
    public async Task<Batch?> MakeAsync(ActiveBatch entry, Func<Task> beside, Func<Task<Batch?>> rowOf, CancellationToken ct)
    {
        Task? swept = null;
        await quota.EnterAsync(entry, () => Task.WhenAll(beside(), swept ??= AskSweepAsync(entry.Key, ct)), ct);
        Batch? row;
        try
        {
            row = await rowOf();
            await swept!;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            await quota.LeaveAsync(entry.Key);
            throw;
        }

        if (row is null)
        {
            await quota.LeaveAsync(entry.Key);
            return null;
        }

        var batch = await batches.TryInsertAsync(row, ct) ?? throw new ConcurrencyException($"Batch id {entry.Key.Id}");
        await steps.ReachedAsync(ProtocolStep.BatchRowWritten, ct);
        try
        {
            await queues.SendValidateAsync(entry.Key, TimeSpan.Zero, ct);
            await steps.ReachedAsync(ProtocolStep.ValidateSent, ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.NotSent(logger, e, entry.Key.Id);
        }

        return batch;
    }

    /// <summary>Sees to it that a sweep is on its way before there is a batch that might need one; without it the batch is made all the same.</summary>
    private async Task AskSweepAsync(BatchKey batch, CancellationToken ct)
    {
        try
        {
            await queues.AskSweepAsync(delay: null, ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.SweepNotAsked(logger, e, batch.Id);
        }
    }

    /// <summary>A new batch, with the settings of now.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="request">What it is made from.</param>
    /// <param name="input">The blob of its input.</param>
    /// <param name="inputBytes">The input's size, in bytes; 0 while it is still to be made.</param>
    public Batch NewRow(string id, NewBatch request, BlobLocation input, long inputBytes)
    {
        var createdAt = IdKind.Batch.CreatedAt(id);
        return new Batch(BatchStatus.Validating)
        {
            Tenant = request.Tenant,
            Id = id,
            Endpoint = request.Endpoint,
            InputFileId = request.InputFileId,
            InputBytes = inputBytes,
            InputBlob = input,
            CompletionWindow = request.CompletionWindow,
            CreatedAt = createdAt,
            ExpiresAt = createdAt + WindowOf(request),
            Metadata = request.Metadata,
            OutputExpiresAfter = request.OutputExpiresAfter ?? (long?)options.Value.OutputExpiresAfter?.TotalSeconds,
            ChunkLines = options.Value.ChunkLines,
            ChunkBytes = options.Value.ChunkBytes,
            ChunkTarget = options.Value.ChunkTarget,
            TraceParent = BatchTracing.Current,
            Webhook = request.Webhook,
        };
    }

    /// <summary>A file that a batch is about to be made of, which nobody deletes any more; null if it is gone.</summary>
    /// <param name="tenant">The project.</param>
    /// <param name="fileId">The file.</param>
    /// <param name="begun">When the making of the batch began.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <exception cref="ApiException">It is not decided yet whether the file is deleted.</exception>
    public async Task<StoredFile?> SettledAsync(string tenant, string fileId, DateTimeOffset begun, CancellationToken ct)
    {
        var file = await files.FindSettledAsync(tenant, fileId, ct);
        return file?.IsBeingDeleted(time.GetUtcNow()) == true ? throw new ApiException(FileErrors.BeingDeleted("input_file_id"))
            : time.GetUtcNow() - begun > Limit ? throw new StorageUnavailableException(new TimeoutException("Making the batch took too long."))
            : file;
    }

    /// <summary>
    /// The lines that count against the quota: more than a batch may have are refused at validation, and do not count. A file whose
    /// row an older version wrote counts none until a sweep has seen the batch validated.
    /// </summary>
    public int LinesOf(StoredFile input) => LinesOf(input.Lines ?? 0);

    private int LinesOf(long lines) => (int)Math.Min(lines, options.Value.MaxLines);

    /// <returns>Null if the file is none that a batch can be made of.</returns>
    private async Task<int?> LinesOfAsync(string tenant, string fileId, CancellationToken ct) =>
        files.RememberedLines(tenant, fileId) is { } remembered ? LinesOf(remembered)
        : await files.FindAsync(tenant, fileId, ct) is { Purpose: FilePurposes.Batch } input ? LinesOf(input)
        : null;

    private TimeSpan WindowOf(NewBatch request) => request.CompletionWindow == CompletionWindows.Usual
        ? options.Value.CompletionWindow
        : CompletionWindows.LengthOf(request.CompletionWindow)!.Value;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} was created, but its message could not be sent; the sweep will send it.")]
        public static partial void NotSent(ILogger logger, Exception e, string batchId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "No sweep could be asked for when batch {BatchId} was created; whoever works on it asks for the next.")]
        public static partial void SweepNotAsked(ILogger logger, Exception e, string batchId);
    }
}

/// <summary>What a batch is created from; the caller has checked it.</summary>
internal sealed record NewBatch(
    string Tenant,
    string InputFileId,
    string Endpoint,
    string CompletionWindow,
    IReadOnlyDictionary<string, string>? Metadata,
    long? OutputExpiresAfter)
{
    /// <summary>The key that the caller has given the request; null for none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Where the event that the batch has ended is sent beside the project's webhooks; null for nowhere.</summary>
    public BatchWebhook? Webhook { get; init; }

    /// <summary>What is asked for. Without a webhook it is what it was before there were any, so that a key outlives an upgrade.</summary>
    public string Digest => IdempotentRequest.DigestOf(
    [
        InputFileId, Endpoint, CompletionWindow, $"{OutputExpiresAfter}", .. BatchRequest.Flat(Metadata),
        .. Webhook is null ? Enumerable.Empty<string>() : ["webhook", Webhook.Url, Webhook.Secret],
    ]);
}
