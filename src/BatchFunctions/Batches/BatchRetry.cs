using BatchFunctions.ActiveBatches;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Idempotency;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Telemetry;

namespace BatchFunctions.Batches;

/// <summary>
/// Makes a batch of those lines of an ended one that did not succeed. Its input is made when it is validated, of the files of
/// the batch that it is a retry of: they are kept until then, as an input is. The order is that of any batch, with one write more:
/// before its own row the one of the batch that it is a retry of names it, so that of two which are asked for at once one is
/// refused. A crash between the two leaves a name without a batch, which the next retry takes out.
/// </summary>
internal sealed class BatchRetry(BatchStore batches, BatchCreation creation, FileStore files, ProtocolSteps steps, TimeProvider time)
{
    /// <summary>How many retries of a batch its row names: the latest ones.</summary>
    public const int MostNamed = 50;

    /// <returns>The new batch; null if there is none to retry.</returns>
    /// <exception cref="ApiException">
    /// The batch has not ended, has no line that did not succeed, is being retried, or one of its files is gone.
    /// </exception>
    public Task<Batch?> TryRetryAsync(BatchKey key, RetryRequest request, CancellationToken ct) =>
        TryRetryAsync(key, request, IdKind.Batch.New(time.GetUtcNow()), ct);

    /// <inheritdoc cref="TryRetryAsync(BatchKey, RetryRequest, CancellationToken)"/>
    /// <param name="key">The batch to retry.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="id">The new batch's id.</param>
    /// <param name="ct">Cancels the operation, up to the new batch's row.</param>
    public async Task<Batch?> TryRetryAsync(BatchKey key, RetryRequest request, string id, CancellationToken ct)
    {
        if (await batches.FindAsync(key, ct) is not { } original)
        {
            return null;
        }

        Check(original);
        var now = time.GetUtcNow();
        using var span = BatchTracing.StartCreate(id);
        var input = await files.FindAsync(key.Tenant, original.InputFileId, ct)
            ?? throw new ApiException(BatchErrors.SourceGone(original.InputFileId, "input"));

        // Of one that was never validated no line was sent: its input is sent as it is.
        var isWhole = original.Counts.Total == 0;
        var sources = isWhole ? [] : SourcesOf(original);
        var wanted = new NewBatch(
            key.Tenant,
            isWhole ? original.InputFileId : IdKind.File.Of(IdKind.Batch.CreatedAt(id), $"{id}/input"),
            original.Endpoint,
            request.CompletionWindow ?? original.CompletionWindow,
            request.Metadata ?? original.Metadata,
            request.OutputExpiresAfter ?? original.OutputExpiresAfter)
        {
            Webhook = original.Webhook,
        };
        var entry = new ActiveBatch(new BatchKey(key.Tenant, id), wanted.InputFileId, now)
        {
            Lines = isWhole ? creation.LinesOf(input) : original.Counts.Total - original.Counts.Completed,
            Sources = [.. sources.Select(source => source.Id)],
        };
        return await creation.MakeAsync(
            entry,
            beside: static () => Task.CompletedTask,
            async () =>
            {
                foreach (var (fileId, what) in isWhole ? [(original.InputFileId, "input")] : sources)
                {
                    _ = await creation.SettledAsync(key.Tenant, fileId, now, ct) ?? throw new ApiException(BatchErrors.SourceGone(fileId, what));
                }

                if (await NameAsync(original.Key, id, ct) is null)
                {
                    // Deleted meanwhile.
                    return null;
                }

                await steps.ReachedAsync(ProtocolStep.RetryNamed, ct);
                var row = isWhole
                    ? creation.NewRow(id, wanted, input.Blob, input.Bytes)
                    : creation.NewRow(id, wanted, FileBlobs.LocationOf(key.Tenant, wanted.InputFileId), inputBytes: 0);
                return row with { RetryOf = original.Id, RetryOnly = request.Only };
            },
            ct);
    }

    private static void Check(Batch original)
    {
        if (!original.Status.HasEnded())
        {
            throw new ApiException(BatchErrors.CannotRetry(original.Status.Wire()));
        }

        if (original.AwaitsInput)
        {
            throw new ApiException(BatchErrors.RetryWithoutInput(original.RetryOf!));
        }

        if (original.WasRefused)
        {
            throw new ApiException(BatchErrors.InputWasRefused);
        }

        if (original.Counts.Total > 0 && original.Counts.Completed == original.Counts.Total)
        {
            throw new ApiException(BatchErrors.NothingToRetry);
        }
    }

    /// <summary>What the lines are found in: the input, and the files which say what became of each.</summary>
    private static List<(string Id, string What)> SourcesOf(Batch original)
    {
        var sources = new List<(string Id, string What)> { (original.InputFileId, "input") };
        if (original.ErrorFileId is { } errors)
        {
            sources.Add((errors, "error"));
        }

        // Only a batch that failed has lines that neither file names.
        if (original is { Status: BatchStatus.Failed, OutputFileId: { } output })
        {
            sources.Add((output, "output"));
        }

        return sources;
    }

    private Task<Batch?> NameAsync(BatchKey original, string id, CancellationToken ct) => batches.NoteRetriesAsync(
        original,
        async (retries, token) =>
        {
            if (retries.Count == 0 || retries[^1] == id)
            {
                return retries.Count == 0 ? [id] : retries;
            }

            var last = await batches.FindAsync(original with { Id = retries[^1] }, token);
            if (last is null ? IsBeingMade(retries[^1], time.GetUtcNow()) : !last.Status.HasEnded())
            {
                throw new ApiException(BatchErrors.RetryRuns(retries[^1]));
            }

            return [.. (last is null ? retries.SkipLast(1) : retries).TakeLast(MostNamed - 1), id];
        },
        ct);

    /// <summary>Whether a batch without a row may still get one.</summary>
    public static bool IsBeingMade(string id, DateTimeOffset now) => now - IdKind.Batch.CreatedAt(id) < 2 * BatchCreation.Limit;
}

/// <summary>What is asked for of a retry; the caller has checked it.</summary>
/// <param name="Only">Codes of errors and HTTP statuses, which narrow what is sent once more; empty for all that did not succeed.</param>
/// <param name="CompletionWindow">The window; null for that of the batch which is retried.</param>
/// <param name="Metadata">The metadata; null for those of the batch which is retried.</param>
/// <param name="OutputExpiresAfter">The lifetime of its results, in seconds; null for that of the batch which is retried.</param>
internal sealed record RetryRequest(
    IReadOnlyList<string> Only, string? CompletionWindow, IReadOnlyDictionary<string, string>? Metadata, long? OutputExpiresAfter)
{
    /// <summary>The key that the caller has given the request; null for none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>What is asked for.</summary>
    public string Digest => IdempotentRequest.DigestOf([string.Join(',', Only), CompletionWindow, $"{OutputExpiresAfter}", .. BatchRequest.Flat(Metadata)]);
}
