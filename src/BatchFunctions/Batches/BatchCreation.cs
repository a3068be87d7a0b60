using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
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
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Creates a batch in this order: the <c>activebatches</c> row, under the project's quota, the look at the input file, the
    /// batch row, the message. The first comes before the second because whoever deletes a file marks its row and then looks for
    /// active batches: one of the two sees the other, and a file whose mark stands is not read. The file is looked at once before
    /// that, for its lines, which never change. A crash after the first write leaves a row that the sweep
    /// removes, and that counts until then; after the batch row, a batch whose message the sweep sends. Once the batch row is written the batch is
    /// returned even if the send fails: a client that is told of a failure would create a second batch.
    /// </summary>
    /// <returns>
    /// The batch; null if the input file does not exist, belongs to another tenant or has another purpose.
    /// </returns>
    /// <exception cref="ApiException">
    /// The project has as much as it may have, or it is not decided yet whether the input file is deleted.
    /// </exception>
    public async Task<Batch?> TryCreateAsync(NewBatch request, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var id = IdKind.Batch.New(now);
        using var span = BatchTracing.StartCreate(id);
        var key = new BatchKey(request.Tenant, id);
        if (await files.FindAsync(request.Tenant, request.InputFileId, ct) is not { Purpose: FilePurposes.Batch } input)
        {
            return null;
        }

        await quota.EnterAsync(new ActiveBatch(key, request.InputFileId, now) { Lines = LinesOf(input) }, ct);
        await steps.ReachedAsync(ProtocolStep.ActiveRowWritten, ct);
        StoredFile? file;
        try
        {
            file = await SettledInputAsync(request, now, ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            await quota.LeaveAsync(key);
            throw;
        }

        if (file is null)
        {
            await quota.LeaveAsync(key);
            return null;
        }

        var createdAt = IdKind.Batch.CreatedAt(id);
        var batch = await batches.TryInsertAsync(
            new Batch(BatchStatus.Validating)
            {
                Tenant = request.Tenant,
                Id = id,
                Endpoint = request.Endpoint,
                InputFileId = request.InputFileId,
                InputBytes = file.Bytes,
                InputBlob = file.Blob,
                CompletionWindow = request.CompletionWindow,
                CreatedAt = createdAt,
                ExpiresAt = createdAt + WindowOf(request),
                Metadata = request.Metadata,
                OutputExpiresAfter = request.OutputExpiresAfter,
                ChunkLines = options.Value.ChunkLines,
                ChunkBytes = options.Value.ChunkBytes,
                ChunkTarget = options.Value.ChunkTarget,
                TraceParent = BatchTracing.Current,
            },
            ct) ?? throw new ConcurrencyException($"Batch id {id}");
        await steps.ReachedAsync(ProtocolStep.BatchRowWritten, ct);
        try
        {
            await queues.SendValidateAsync(key, TimeSpan.Zero, ct);
            await steps.ReachedAsync(ProtocolStep.ValidateSent, ct);
            await queues.AskSweepAsync(delay: null, ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.NotSent(logger, e, id);
        }

        return batch;
    }

    private TimeSpan WindowOf(NewBatch request) => request.CompletionWindow == CompletionWindows.Usual
        ? options.Value.CompletionWindow
        : CompletionWindows.LengthOf(request.CompletionWindow)!.Value;

    /// <summary>The input file, which nobody deletes any more; null if it is gone.</summary>
    private async Task<StoredFile?> SettledInputAsync(NewBatch request, DateTimeOffset begun, CancellationToken ct)
    {
        var file = await files.FindSettledAsync(request.Tenant, request.InputFileId, ct);
        return file?.IsBeingDeleted(time.GetUtcNow()) == true ? throw new ApiException(FileErrors.BeingDeleted("input_file_id"))
            : time.GetUtcNow() - begun > Limit ? throw new StorageUnavailableException(new TimeoutException("Making the batch took too long."))
            : file;
    }

    /// <summary>
    /// The lines that count against the quota: more than a batch may have are refused at validation, and do not count. A file whose
    /// row an older version wrote counts none until a sweep has seen the batch validated.
    /// </summary>
    private int LinesOf(StoredFile input) => (int)Math.Min(input.Lines ?? 0, options.Value.MaxLines);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} was created, but its message could not be sent; the sweep will send it.")]
        public static partial void NotSent(ILogger logger, Exception e, string batchId);
    }
}

/// <summary>What a batch is created from; the caller has checked it.</summary>
internal sealed record NewBatch(
    string Tenant,
    string InputFileId,
    string Endpoint,
    string CompletionWindow,
    IReadOnlyDictionary<string, string>? Metadata,
    long? OutputExpiresAfter);
