namespace BatchFunctions.Files;

/// <summary>A list of segments as numbers of as many bytes as they need: some ten bytes each.</summary>
internal static class FileSegmentBytes
{
    public static byte[] Write(IEnumerable<FileSegment> segments)
    {
        var packed = new PackedNumbers();
        foreach (var segment in segments)
        {
            packed.Add(segment.Chunk);
            packed.Add(segment.Epoch);
            packed.Add(segment.Part);
            packed.Add(segment.Bytes);
            packed.Add(segment.Lines);
        }

        return packed.ToBytes();
    }

    public static IReadOnlyList<FileSegment> Read(ReadOnlySpan<byte> bytes)
    {
        var segments = new List<FileSegment>();
        for (var rest = new PackedNumbers.Reader(bytes); !rest.IsAtEnd;)
        {
            segments.Add(new FileSegment(rest.NextInt(), rest.NextInt(), rest.NextInt(), rest.Next(), rest.NextInt()));
        }

        return segments;
    }
}
