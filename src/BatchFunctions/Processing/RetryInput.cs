using System.Runtime.CompilerServices;
using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using BatchFunctions.Protocol;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Makes the input of a retry: the lines of the first batch's input that its files say did not succeed, and no other batch of its
/// <see cref="BatchFamily"/> has brought to an answer since. Of one that was never validated the files say nothing, so all lines count
/// as what ended it. In this order: the <c>expiring</c> entry, the blob, the file's row, the batch's row. The first blob that is committed
/// stays, since chunks may have been cut of it: whoever makes another, from files that have been deleted since or side by side, takes the one that
/// stands. A crash in between leaves what the next run makes again, or takes, under the same id; where the batch is
/// cancelled first, the entry has what is left removed.
/// </summary>
internal sealed class RetryInput(
    BatchStore batches,
    FileStore files,
    ExpiringStore expiring,
    FileBlobs blobs,
    FileParts parts,
    ByteBudget memory,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time)
{
    private static readonly byte[] LineEnd = [(byte)'\n'];

    /// <summary>
    /// Looks whether the retry is still wanted, and makes its input if it has none. Its row may have come when its maker had long been given up: then
    /// another of its family may have been made in its place, and run.
    /// </summary>
    /// <param name="batch">The retry.</param>
    /// <param name="pulse">Says that it is worked on, where its files are large.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>
    /// The batch as its row is then, or why there is nothing to send; neither as long as another of the family is being made, or gives way to this one.
    /// </returns>
    public async Task<(Batch? Prepared, BatchError? Problem)> PrepareAsync(Batch batch, ValidationPulse pulse, CancellationToken ct)
    {
        try
        {
            var original = await batches.FindAsync(new BatchKey(batch.Tenant, batch.RetryOf!), ct)
                ?? throw new FileNotFoundException($"Batch {batch.RetryOf} is gone.");
            var family = await BatchFamily.ReadAsync(batches, original, batch.Id, ct);
            if (!original.Retries.Contains(batch.Id) || family.Lineage.Concat(family.Others).Any(static other => !other.Status.HasEnded()))
            {
                return (null, BatchFailures.RetryOvertaken);
            }

            if (family.Missing.Any(name => BatchRetry.IsBeingMade(name, time.GetUtcNow())))
            {
                return (null, null);
            }

            if (!batch.AwaitsInput)
            {
                return (batch, null);
            }

            var (bytes, problem) = await MakeAsync(batch, original, family, pulse, ct);
            return problem is not null ? (null, problem) : (await batches.MutateAsync(
                batch.Key, current => current.Status == BatchStatus.Validating && current.AwaitsInput ? current.WithInput(bytes) : null, ct), null);
        }
        catch (FileNotFoundException)
        {
            return (null, BatchFailures.RetrySourceLost);
        }
    }

    /// <returns>The size of the input in bytes, or why there is nothing to send.</returns>
    /// <exception cref="FileNotFoundException">One of the files of the first batch is gone.</exception>
    private async Task<(long Bytes, BatchError? Problem)> MakeAsync(
        Batch batch, Batch original, BatchFamily family, ValidationPulse pulse, CancellationToken ct)
    {
        var choice = await ChoiceOfAsync(original, batch, family, pulse, ct);
        var input = await FileAsync(original, original.InputFileId, ct);
        var file = NewFile(batch, original);

        // Of its own name: two that are made side by side may be of different lines, and none must have the other's blocks.
        using var writer = new BlobWriter(blobs, file.Blob, Guid.NewGuid().ToString("N"), input.Bytes + 1, memory);
        var lines = 0;
        await using (var content = Open(input, pulse, ct))
        {
            lines = await choice.ChooseAsync(
                content,
                options.Value.MaxLineBytes,
                memory,
                async line =>
                {
                    await writer.WriteAsync(line, ct);
                    await writer.WriteAsync(LineEnd, ct);
                },
                ct);
        }

        if (choice.TooLongAt is { } number)
        {
            return (0, BatchError.Of(LineProblem.TooLong(options.Value.MaxLineBytes), number));
        }

        if (lines == 0)
        {
            return (0, BatchFailures.NothingToRetry);
        }

        file = file with { Bytes = writer.Bytes, Lines = lines };
        await expiring.AddAsync(file.ToExpiringEntry(FileLife.DueOf(file.CreatedAt, file.ExpiresAt)), ct);
        var staged = await writer.CompleteAsync(ct);
        await steps.ReachedAsync(ProtocolStep.RetryInputStaged, ct);
        if (await blobs.CommitFirstAsync(file.Blob, staged.BlockIds, ct) is { } standing)
        {
            file = file with { Bytes = standing };
            file = file with { Lines = await CountLinesAsync(file, ct) };
        }

        await steps.ReachedAsync(ProtocolStep.RetryInputCommitted, ct);
        _ = await files.TryInsertAsync(file, ct);
        await steps.ReachedAsync(ProtocolStep.RetryInputWritten, ct);
        return (file.Bytes, null);
    }

    private async Task<int> CountLinesAsync(StoredFile file, CancellationToken ct)
    {
        var lines = 0;
        await foreach (var piece in blobs.ReadAsync(parts.OfBytesAsync(file, 0, file.Bytes, ct), ct))
        {
            lines += piece.Span.Count((byte)'\n');
        }

        return lines;
    }

    private async Task<RetryChoice> ChoiceOfAsync(Batch original, Batch batch, BatchFamily family, ValidationPulse pulse, CancellationToken ct)
    {
        var choice = new RetryChoice(batch.RetryOnly, UnnamedOf(original));
        if (original.ErrorFileId is { } errors)
        {
            await using var content = Open(await FileAsync(original, errors, ct), pulse, ct);
            await choice.ReadErrorsAsync(content, memory, ct);
        }

        if (choice.NeedsOutput && original.OutputFileId is { } output)
        {
            await using var content = Open(await FileAsync(original, output, ct), pulse, ct);
            await choice.ReadOutputAsync(content, memory, ct);
        }

        // What those above have brought to an answer is not in this input. A file that is gone excludes nothing.
        foreach (var retry in family.Others)
        {
            if (retry.OutputFileId is { } done && await files.FindAsync(retry.Tenant, done, ct) is { } file)
            {
                await using var content = Open(file, pulse, ct);
                await choice.ReadRetriedAsync(content, memory, ct);
            }
        }

        return choice;
    }

    /// <summary>
    /// The code of the lines that neither file names. Only a batch that failed, or was never validated, has such lines; null for any
    /// other.
    /// </summary>
    private static string? UnnamedOf(Batch original) => original.Status switch
    {
        BatchStatus.Failed => original.Errors is [var first, ..] ? first.Code : BatchFailures.Internal,
        BatchStatus.Expired when original.Counts.Total == 0 => CloseReason.Expired.Code,
        BatchStatus.Cancelled when original.Counts.Total == 0 => CloseReason.Cancelled.Code,
        _ => null,
    };

    private static StoredFile NewFile(Batch batch, Batch original)
    {
        var createdAt = IdKind.File.CreatedAt(batch.InputFileId);
        return new StoredFile
        {
            Tenant = batch.Tenant,
            Id = batch.InputFileId,
            Filename = $"{original.Id}_retry.jsonl",
            Purpose = FilePurposes.Batch,
            Bytes = 0,
            CreatedAt = createdAt,
            ExpiresAt = FileLife.ExpiresAt(createdAt, FilePurposes.Batch, seconds: null),
            Blob = batch.InputBlob,
        };
    }

    /// <summary>A file of the first batch; one that was deleted since the retry was made keeps its content for it.</summary>
    private async Task<StoredFile> FileAsync(Batch original, string id, CancellationToken ct) =>
        await files.FindAnyAsync(original.Tenant, id, ct)
            ?? throw new FileNotFoundException($"File {id} of batch {original.Id} is gone.");

    private PieceStream Open(StoredFile file, ValidationPulse pulse, CancellationToken ct) =>
        new(ReadAsync(blobs.ReadAsync(parts.OfBytesAsync(file, 0, file.Bytes, ct), ct), pulse, ct));

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, ValidationPulse pulse, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var piece in pieces.WithCancellation(ct))
        {
            await pulse.BeatAsync(ct);
            yield return piece;
        }
    }
}
