using System.Collections.Immutable;

namespace BatchFunctions.Files;

/// <summary>
/// How many segments of each chunk are in a file's pages, so that none is published twice and no page need be read for it. A chunk's
/// segments are published in their order, so a number says which they are.
/// </summary>
internal sealed record PagedChunks
{
    /// <summary>No page.</summary>
    public static PagedChunks None { get; } = new();

    /// <summary>All chunks with lower numbers have ended, and everything of them is published.</summary>
    public int Before { get; private init; }

    /// <summary>The numbers of the other chunks, as far as they have any.</summary>
    public ImmutableSortedDictionary<int, int> Counts { get; private init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <summary>With the segments of one page more.</summary>
    /// <param name="page">The segments.</param>
    /// <param name="settled">All chunks before this one have ended, and everything of them is published.</param>
    public PagedChunks With(IEnumerable<FileSegment> page, int settled)
    {
        var before = Math.Max(Before, settled);
        var counts = Counts.ToBuilder();
        foreach (var segment in page)
        {
            counts[segment.Chunk] = counts.GetValueOrDefault(segment.Chunk) + 1;
        }

        counts.RemoveRange(counts.Keys.TakeWhile(chunk => chunk < before).ToList());
        return new PagedChunks { Before = before, Counts = counts.ToImmutable() };
    }

    /// <summary>Those that no page has.</summary>
    /// <param name="segments">For each chunk that it names, all segments from the chunk's first on.</param>
    public IEnumerable<FileSegment> Without(IEnumerable<FileSegment> segments)
    {
        var seen = new Dictionary<int, int>();
        foreach (var segment in segments)
        {
            // What an earlier version put together is the last of all, and in no page.
            var isPaged = segment.Epoch > 0
                && (segment.Chunk < Before || (seen[segment.Chunk] = seen.GetValueOrDefault(segment.Chunk) + 1) <= Counts.GetValueOrDefault(segment.Chunk));
            if (!isPaged)
            {
                yield return segment;
            }
        }
    }

    public byte[] ToBytes()
    {
        var packed = new PackedNumbers();
        packed.Add(Before);
        var last = Before;
        foreach (var (chunk, count) in Counts)
        {
            packed.Add(chunk - last);
            packed.Add(count);
            last = chunk;
        }

        return packed.ToBytes();
    }

    public static PagedChunks FromBytes(ReadOnlySpan<byte> bytes)
    {
        var rest = new PackedNumbers.Reader(bytes);
        if (rest.IsAtEnd)
        {
            return None;
        }

        var before = rest.NextInt();
        var counts = ImmutableSortedDictionary.CreateBuilder<int, int>();
        for (var last = before; !rest.IsAtEnd;)
        {
            counts[last += rest.NextInt()] = rest.NextInt();
        }

        return new PagedChunks { Before = before, Counts = counts.ToImmutable() };
    }
}
