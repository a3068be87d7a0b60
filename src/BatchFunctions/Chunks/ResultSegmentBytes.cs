using BatchFunctions.Files;

namespace BatchFunctions.Chunks;

/// <summary>The segments of a chunk, and its loose epochs, as columns of its row: numbers of as many bytes as they need.</summary>
internal static class ResultSegmentBytes
{
    public static byte[]? Write(IReadOnlyList<ResultSegment> segments)
    {
        var packed = new PackedNumbers();
        foreach (var segment in segments)
        {
            packed.Add(segment.Epoch);
            packed.Add(segment.Part);
            packed.Add(segment.OutputBytes);
            packed.Add(segment.OutputLines);
            packed.Add(segment.ErrorBytes);
            packed.Add(segment.ErrorLines);
        }

        return segments.Count == 0 ? null : packed.ToBytes();
    }

    public static IReadOnlyList<ResultSegment> Read(byte[]? bytes)
    {
        var segments = new List<ResultSegment>();
        for (var rest = new PackedNumbers.Reader(bytes); !rest.IsAtEnd;)
        {
            segments.Add(new ResultSegment(
                rest.NextInt(), rest.NextInt(), rest.Next(), rest.NextInt(), rest.Next(), rest.NextInt()));
        }

        return segments;
    }

    public static byte[]? WriteEpochs(IReadOnlyList<int> epochs)
    {
        var packed = new PackedNumbers();
        foreach (var epoch in epochs)
        {
            packed.Add(epoch);
        }

        return epochs.Count == 0 ? null : packed.ToBytes();
    }

    public static IReadOnlyList<int> ReadEpochs(byte[]? bytes)
    {
        var epochs = new List<int>();
        for (var rest = new PackedNumbers.Reader(bytes); !rest.IsAtEnd;)
        {
            epochs.Add(rest.NextInt());
        }

        return epochs;
    }
}
