using System.Runtime.CompilerServices;

namespace BatchFunctions.Files;

/// <summary>Which blobs hold what of a file.</summary>
internal sealed class FileParts(SegmentList list)
{
    /// <summary>The parts that hold a range of bytes.</summary>
    public async IAsyncEnumerable<BlobPart> OfBytesAsync(
        StoredFile file, long offset, long length, [EnumeratorCancellation] CancellationToken ct)
    {
        if (length == 0)
        {
            yield break;
        }

        if (file.Segments is null)
        {
            yield return new BlobPart(file.Blob, offset, length);
            yield break;
        }

        var (segments, into) = await list.FromAsync(file, offset, static segment => segment.Bytes, static page => page.Bytes, ct);
        await foreach (var segment in segments.WithCancellation(ct))
        {
            var taken = Math.Min(length, segment.Bytes - into);
            yield return new BlobPart(segment.In(file.Blob), into, taken);
            into = 0;
            length -= taken;
            if (length == 0)
            {
                yield break;
            }
        }
    }

    /// <summary>The parts that hold some lines, and how many lines of the first come before those.</summary>
    public async Task<(IAsyncEnumerable<BlobPart> Parts, long Before)> OfLinesAsync(StoredFile file, LineSlice lines, CancellationToken ct)
    {
        if (file.Segments is null)
        {
            return (OfBytesAsync(file, 0, file.Bytes, ct), lines.Skipped);
        }

        var (segments, before) = await list.FromAsync(file, lines.Skipped, static segment => segment.Lines, static page => page.Lines, ct);
        return (WhollyAsync(file, segments, lines.LastOf(long.MaxValue) - lines.Skipped + before, ct), before);
    }

    /// <summary>Whole segments, until they have so many lines.</summary>
    private static async IAsyncEnumerable<BlobPart> WhollyAsync(
        StoredFile file, IAsyncEnumerable<FileSegment> segments, long lines, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var segment in segments.WithCancellation(ct))
        {
            yield return new BlobPart(segment.In(file.Blob), 0, segment.Bytes);
            lines -= segment.Lines;
            if (lines <= 0)
            {
                yield break;
            }
        }
    }
}
