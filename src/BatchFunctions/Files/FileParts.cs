namespace BatchFunctions.Files;

/// <summary>Which blobs hold what of a file.</summary>
internal static class FileParts
{
    /// <summary>The lines of a file whose lines are counted; null where they are not.</summary>
    public static long? LinesOf(StoredFile file) => file.Segments?.Sum(segment => (long)segment.Lines);

    /// <summary>The parts that hold a range of bytes.</summary>
    public static IReadOnlyList<BlobPart> OfBytes(StoredFile file, long offset, long length)
    {
        if (file.Segments is not { } segments)
        {
            return length == 0 ? [] : [new BlobPart(file.Blob, offset, length)];
        }

        var parts = new List<BlobPart>();
        foreach (var segment in segments)
        {
            if (length == 0)
            {
                break;
            }

            if (offset < segment.Bytes)
            {
                var taken = Math.Min(length, segment.Bytes - offset);
                parts.Add(new BlobPart(segment.In(file.Blob), offset, taken));
                length -= taken;
            }

            offset = Math.Max(0, offset - segment.Bytes);
        }

        return parts;
    }

    /// <summary>The parts that hold some lines, and how many lines of the first come before those.</summary>
    public static (IReadOnlyList<BlobPart> Parts, long Before) OfLines(StoredFile file, LineSlice lines)
    {
        if (file.Segments is not { } segments)
        {
            return (OfBytes(file, 0, file.Bytes), lines.Skipped);
        }

        var parts = new List<BlobPart>();
        long before = 0;
        long seen = 0;
        var last = lines.LastOf(long.MaxValue);
        foreach (var segment in segments)
        {
            if (seen + segment.Lines > lines.Skipped && seen < last)
            {
                before = parts.Count == 0 ? lines.Skipped - seen : before;
                parts.Add(new BlobPart(segment.In(file.Blob), 0, segment.Bytes));
            }

            seen += segment.Lines;
        }

        return (parts, before);
    }
}
