using System.Globalization;
using BatchFunctions.Storage;

namespace BatchFunctions.Files;

/// <summary>
/// Segments of a file, consecutive in its list, that are kept in a blob of their own and no longer in the file's row. The list only
/// grows, so their places in it say which they are: what is stored under the name of a page is the same whoever stores it.
/// </summary>
/// <param name="First">The place in the list of its first segment.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Bytes">The bytes of results that they have.</param>
/// <param name="Lines">The lines that they have.</param>
internal readonly record struct SegmentPage(int First, int Count, long Bytes, long Lines)
{
    /// <summary>The page that these segments make.</summary>
    /// <param name="first">The place of the first in the list.</param>
    /// <param name="segments">The segments.</param>
    public static SegmentPage Of(int first, IReadOnlyCollection<FileSegment> segments) =>
        new(first, segments.Count, segments.Sum(segment => segment.Bytes), segments.Sum(segment => (long)segment.Lines));

    /// <summary>Where it is.</summary>
    /// <param name="file">The file's blob, which the names of its segments and of its pages begin with.</param>
    public BlobLocation In(BlobLocation file) => file with
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"{file.Name}/list-{First:D8}-{Count:D6}"),
    };

    public static byte[] ToBytes(IEnumerable<SegmentPage> pages)
    {
        var packed = new PackedNumbers();
        foreach (var page in pages)
        {
            packed.Add(page.Count);
            packed.Add(page.Bytes);
            packed.Add(page.Lines);
        }

        return packed.ToBytes();
    }

    /// <param name="bytes">What <see cref="ToBytes"/> made; null for no pages.</param>
    public static IReadOnlyList<SegmentPage> FromBytes(byte[]? bytes)
    {
        if (bytes is null)
        {
            return [];
        }

        var pages = new List<SegmentPage>();
        var first = 0;
        for (var rest = new PackedNumbers.Reader(bytes); !rest.IsAtEnd;)
        {
            var page = new SegmentPage(first, rest.NextInt(), rest.Next(), rest.Next());
            first += page.Count;
            pages.Add(page);
        }

        return pages;
    }
}
