using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Failures;

/// <summary>
/// Reads why lines of a batch failed, from its row and its error file, and what the examples asked for, from its input. Both files
/// are streamed, each for a limited time.
/// </summary>
internal sealed class FailureReading(
    FileStore files, FileBlobs blobs, FileParts parts, ByteBudget memory, IOptions<BatchOptions> options, TimeProvider time)
{
    /// <summary>How long the error file is read, and how long the input is searched.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Groups the failures that a batch has so far.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="offset">Lines of the error file to leave out; what is wrong with the batch itself is told with the first.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <exception cref="ApiException">The error file is gone.</exception>
    public async Task<BatchErrorsObject> ReadAsync(Batch batch, long offset, CancellationToken ct)
    {
        var groups = new FailureGroups();
        foreach (var error in offset == 0 ? batch.Errors : [])
        {
            groups.Add(error.Code, error.Message, error.Line);
        }

        var next = batch.ErrorFileId is { } id ? await ReadErrorsAsync(batch, id, offset, groups, ct) : null;
        var isSearched = await FindRequestsAsync(batch, groups, ct);
        return new BatchErrorsObject(batch.Id, groups, next, isSearched);
    }

    /// <returns>The offset to go on from; null where all is read.</returns>
    private async Task<long?> ReadErrorsAsync(Batch batch, string id, long offset, FailureGroups groups, CancellationToken ct)
    {
        var file = await files.FindAsync(batch.Tenant, id, ct) ?? throw new ApiException(FileErrors.NoFile(id));
        var slice = new LineSlice(offset, long.MaxValue);
        var (readParts, before) = await parts.OfLinesAsync(file, slice, ct);
        var start = time.GetTimestamp();
        var read = 0L;
        try
        {
            await using var stream = new PieceStream(slice.CutAsync(blobs.ReadAsync(readParts, ct), before, ct));
            using var reader = new LineReader(stream, FailureGroups.LongestLine, memory: memory);
            while (await reader.ReadAsync(ct))
            {
                if (IsOver(start))
                {
                    return offset + read;
                }

                groups.Add(reader);
                read++;
            }
        }
        catch (FileNotFoundException)
        {
            throw new ApiException(FileErrors.NoFile(id));
        }

        return null;
    }

    /// <returns>Whether time has sufficed. An input that is gone has been searched.</returns>
    private async Task<bool> FindRequestsAsync(Batch batch, FailureGroups groups, CancellationToken ct)
    {
        var search = new RequestSearch(groups.All);
        if (search.IsOver || batch.InputBytes == 0
            || await blobs.OpenAsync(batch.InputBlob, 0, batch.InputBytes, ct) is not { } input)
        {
            return true;
        }

        var start = time.GetTimestamp();
        await using var stream = input;
        using var reader = new LineReader(input, options.Value.MaxLineBytes, memory: memory);
        while (!search.IsOver && await reader.ReadAsync(ct))
        {
            if (IsOver(start))
            {
                return false;
            }

            search.Take(reader);
        }

        return true;
    }

    private bool IsOver(long start) => time.GetElapsedTime(start) >= Limit;
}
