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
/// refused. A crash between the two leaves a name without a batch, which the next retry takes out. Two of different batches of one
/// <see cref="BatchFamily"/> are named in different rows, and the row of a batch whose maker was given up may come yet: so the family is read once more
/// behind the name, and by the retry's validation behind its row. Of two at least one sees the other there, and takes its own name out, or sends nothing.
/// </summary>
internal sealed class BatchRetry(BatchStore batches, BatchCreation creation, FileStore files, ProtocolSteps steps, TimeProvider time)
{
    /// <summary>How many retries of a batch its row names. Where there are more, those that brought nothing leave.</summary>
    public const int MostNamed = 50;

    /// <returns>The new batch; null if there is none to retry.</returns>
    /// <exception cref="ApiException">
    /// The batch has not ended, cannot be read, or has no line that did not succeed; one of its family has not ended, or it has too
    /// many; or one of its files is gone.
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

        // Of one that was never validated no line was sent. Where nobody else had its lines, all of its input is sent, as it is.
        var isValidated = original.Counts.Total > 0;
        var isWhole = !isValidated && request.Only.Count == 0 && original.Retries.Count == 0 && original.RetryOf is null;
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
            Lines = isValidated ? original.Counts.Total - original.Counts.Completed : creation.LinesOf(input),
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

                if (await NameAsync(original.Key, id, isWhole, ct) is not { } named)
                {
                    // Deleted meanwhile.
                    return null;
                }

                await steps.ReachedAsync(ProtocolStep.RetryNamed, ct);
                await SettleNameAsync(named, id, ct);
                var row = isWhole
                    ? creation.NewRow(id, wanted, input.Blob, input.Bytes)
                    : creation.NewRow(id, wanted, FileBlobs.LocationOf(key.Tenant, wanted.InputFileId), inputBytes: 0);
                return row with { RetryOf = original.Id, RetryOnly = request.Only };
            },
            ct);
    }

    private static void Check(Batch original)
    {
        if (original.Unreadable is not null)
        {
            throw new ApiException(BatchErrors.CannotRetryUnreadable(original.Id));
        }

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

    private Task<Batch?> NameAsync(BatchKey original, string id, bool isWhole, CancellationToken ct) => batches.NoteRetriesAsync(
        original,
        async (batch, token) =>
        {
            var family = await CheckFamilyAsync(batch, id, token);
            if (batch.Retries.Contains(id, StringComparer.Ordinal))
            {
                return batch.Retries;
            }

            var made = batch.Retries.Except(family.Missing, StringComparer.Ordinal).ToList();
            if (isWhole && made.Count > 0)
            {
                // One that came meanwhile has ended already, and may have answers.
                throw new ApiException(ApiError.Contended);
            }

            List<string> vain = made.Count < MostNamed ? [] : [.. family.Others.Where(static retry => retry is { OutputFileId: null, Retries: [] }).Select(static retry => retry.Id)];

            // A name without a batch stays for now: should its row come, it is seen behind the new name.
            return made.Except(vain, StringComparer.Ordinal).Count() < MostNamed
                ? [.. batch.Retries.Except(vain, StringComparer.Ordinal), id]
                : throw new ApiException(BatchErrors.TooManyRetries);
        },
        ct);

    /// <summary>
    /// Looks whether another of the family was named meanwhile, or has its row only now; else names go that still have none. Should one come later, its
    /// validation sees this one's name.
    /// </summary>
    private async Task SettleNameAsync(Batch named, string id, CancellationToken ct)
    {
        IReadOnlyList<string> missing;
        try
        {
            missing = (await CheckFamilyAsync(named, id, ct)).Missing;
        }
        catch (ApiException)
        {
            await TakeOutAsync([id]);
            throw;
        }

        if (missing.Count > 0)
        {
            await TakeOutAsync(missing);
        }

        Task TakeOutAsync(IReadOnlyList<string> names) => batches.NoteRetriesAsync(
            named.Key, (batch, _) => Task.FromResult<IReadOnlyList<string>>([.. batch.Retries.Except(names, StringComparer.Ordinal)]), ct);
    }

    /// <exception cref="ApiException">One of the family has not ended, cannot be read, or there are too many.</exception>
    private async Task<BatchFamily> CheckFamilyAsync(Batch original, string id, CancellationToken ct)
    {
        var family = await BatchFamily.ReadAsync(batches, original, id, ct);
        foreach (var member in family.Lineage.Concat(family.Others))
        {
            if (member.Unreadable is not null)
            {
                throw new ApiException(BatchErrors.CannotRetryUnreadable(member.Id));
            }

            if (!member.Status.HasEnded())
            {
                throw RetryRuns(member.Id);
            }
        }

        return family.Missing.FirstOrDefault(name => IsBeingMade(name, time.GetUtcNow())) is { } young ? throw RetryRuns(young)
            : family.IsWhole ? family
            : throw new ApiException(BatchErrors.TooManyRetries);

        ApiException RetryRuns(string other) => new(
            original.Retries.Contains(other, StringComparer.Ordinal) ? BatchErrors.RetryRuns(other) : BatchErrors.RelatedRetryRuns(other));
    }

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
