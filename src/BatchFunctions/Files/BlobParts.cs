using System.Buffers;
using System.Runtime.CompilerServices;
using BatchFunctions.Memory;
using BatchFunctions.Storage;

namespace BatchFunctions.Files;

/// <summary>A range of a blob.</summary>
internal readonly record struct BlobPart(BlobLocation Blob, long Offset, long Length);

/// <summary>Reading content that is spread over blobs.</summary>
internal static class BlobParts
{
    /// <summary>Parts of a file that are opened before they are read.</summary>
    private const int OpenedAhead = 8;

    /// <summary>The parts of a file's content, one behind the other; the next ones are opened while one is read.</summary>
    /// <param name="blobs">The blobs.</param>
    /// <param name="parts">Where they are.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>The content, piece by piece; each is good until the next is asked for.</returns>
    /// <exception cref="FileNotFoundException">One of the blobs is gone.</exception>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        this FileBlobs blobs, IAsyncEnumerable<BlobPart> parts, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var coming = parts.GetAsyncEnumerator(ct);
        var isMore = true;
        var ahead = new Queue<Task<Stream?>>();
        var buffer = ArrayPool<byte>.Shared.Rent(BlockPool.BlockBytes);
        try
        {
            while (true)
            {
                while (isMore && ahead.Count < OpenedAhead)
                {
                    isMore = await coming.MoveNextAsync();
                    if (isMore)
                    {
                        ahead.Enqueue(blobs.OpenAsync(coming.Current.Blob, coming.Current.Offset, coming.Current.Length, ct));
                    }
                }

                if (ahead.Count == 0)
                {
                    yield break;
                }

                await using var content = await ahead.Dequeue()
                    ?? throw new FileNotFoundException("A blob of the file is gone from storage.");
                while (await content.ReadAsync(buffer, ct) is > 0 and var read)
                {
                    yield return buffer.AsMemory(0, read);
                }
            }
        }
        finally
        {
            foreach (var opening in ahead)
            {
                await DisposeAsync(opening);
            }

            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task DisposeAsync(Task<Stream?> opening)
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully && await opening is { } content)
        {
            await content.DisposeAsync();
        }
    }
}
