using System.Runtime.CompilerServices;
using BatchFunctions.Configuration;
using BatchFunctions.Protocol;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Files;

/// <summary>
/// The segments of files. The row has the latest; whenever it has a page full of them, the page moves to a blob of its own. A page
/// is stored before the row names it, and holds only what the row had: a crash in between leaves a page that the next publisher stores again,
/// with the same content under the same name.
/// </summary>
internal sealed class SegmentList(SegmentPageBlobs blobs, ProtocolSteps steps, IOptions<BatchOptions> options)
{
    /// <summary>The most segments that should be added in one write: a row takes many more, but then a page must go first.</summary>
    public int MostAtOnce => 4 * Size;

    private int Size => options.Value.SegmentsOfPage;

    /// <summary>The file with its full pages moved out of its row, which is yet to be written.</summary>
    /// <param name="file">The file as its row has it.</param>
    /// <param name="settled">All chunks before this one have ended, and everything of them is published.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task<StoredFile> SpillAsync(StoredFile file, int settled, CancellationToken ct)
    {
        while (file.Segments is { } segments && segments.Count >= Size)
        {
            var moved = segments.Take(Size).ToList();
            var page = SegmentPage.Of(file.Pages.Sum(other => other.Count), moved);
            await blobs.StoreAsync(page.In(file.Blob), FileSegmentBytes.Write(moved), ct);
            await steps.ReachedAsync(ProtocolStep.SegmentPageStored, ct);
            file = file with
            {
                Segments = [.. segments.Skip(Size)],
                Pages = [.. file.Pages, page],
                Paged = file.Paged.With(moved, settled),
            };
        }

        return file;
    }

    /// <summary>All segments of a file, in their order; none of one that is a single blob.</summary>
    /// <param name="file">The file.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <exception cref="FileNotFoundException">A page is gone.</exception>
    public IAsyncEnumerable<FileSegment> AllAsync(StoredFile file, CancellationToken ct) => FromPageAsync(file, 0, ct);

    /// <summary>The segments from a place in a file on.</summary>
    /// <param name="file">A file that is made of segments.</param>
    /// <param name="at">The place, in bytes or lines.</param>
    /// <param name="sizeOf">The size of a segment, in the same.</param>
    /// <param name="sizeOfPage">The size of a page, in the same.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>The segments from the one on that has the place, and how far into that one the place is.</returns>
    /// <exception cref="FileNotFoundException">A page is gone.</exception>
    public async Task<(IAsyncEnumerable<FileSegment> Segments, long Into)> FromAsync(
        StoredFile file, long at, Func<FileSegment, long> sizeOf, Func<SegmentPage, long> sizeOfPage, CancellationToken ct)
    {
        var number = 0;
        for (; number < file.Pages.Count && sizeOfPage(file.Pages[number]) <= at; number++)
        {
            at -= sizeOfPage(file.Pages[number]);
        }

        var page = await PageAsync(file, number, ct);
        var first = 0;
        for (; first < page.Count && sizeOf(page[first]) <= at; first++)
        {
            at -= sizeOf(page[first]);
        }

        return (page.Skip(first).ToAsyncEnumerable().Concat(FromPageAsync(file, number + 1, ct)), at);
    }

    private async IAsyncEnumerable<FileSegment> FromPageAsync(StoredFile file, int number, [EnumeratorCancellation] CancellationToken ct)
    {
        for (; number <= file.Pages.Count; number++)
        {
            foreach (var segment in await PageAsync(file, number, ct))
            {
                yield return segment;
            }
        }
    }

    /// <summary>The segments of a page; behind the last page those of the row.</summary>
    private async ValueTask<IReadOnlyList<FileSegment>> PageAsync(StoredFile file, int number, CancellationToken ct)
    {
        if (number >= file.Pages.Count)
        {
            return file.Segments ?? [];
        }

        return await blobs.ReadAsync(file.Pages[number].In(file.Blob), ct) is { } content
            ? FileSegmentBytes.Read(content)
            : throw new FileNotFoundException("A page of the file's list is gone from storage.");
    }
}
