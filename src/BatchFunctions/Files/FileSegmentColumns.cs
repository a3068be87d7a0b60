using System.Globalization;
using Azure.Data.Tables;

namespace BatchFunctions.Files;

/// <summary>The segments of a file as columns of its row: packed, and cut into pieces, since a column takes 64 KiB.</summary>
internal static class FileSegmentColumns
{
    /// <summary>The columns: 50,000 segments of one line each take nine of them.</summary>
    private const int Most = 12;

    private const int BytesOfColumn = 64 * 1024;

    public static void Write(TableEntity row, IReadOnlyList<FileSegment>? segments)
    {
        var packed = new PackedNumbers();
        foreach (var segment in segments ?? [])
        {
            packed.Add(segment.Chunk);
            packed.Add(segment.Epoch);
            packed.Add(segment.Part);
            packed.Add(segment.Bytes);
            packed.Add(segment.Lines);
        }

        var pieces = packed.ToBytes().Chunk(BytesOfColumn).ToList();
        if (pieces.Count > Most)
        {
            throw new InvalidOperationException($"A file of {segments!.Count} segments does not fit its row.");
        }

        for (var i = 0; i < Most; i++)
        {
            row[NameOf(i)] = i < pieces.Count ? pieces[i] : null;
        }
    }

    /// <returns>The segments; null for a file that is one blob.</returns>
    public static IReadOnlyList<FileSegment>? Read(TableEntity row)
    {
        var bytes = Enumerable.Range(0, Most).SelectMany(i => row.GetBinary(NameOf(i)) ?? []).ToArray();
        if (bytes.Length == 0)
        {
            return null;
        }

        var segments = new List<FileSegment>();
        for (var rest = new PackedNumbers.Reader(bytes); !rest.IsAtEnd;)
        {
            segments.Add(new FileSegment(rest.NextInt(), rest.NextInt(), rest.NextInt(), rest.Next(), rest.NextInt()));
        }

        return segments;
    }

    private static string NameOf(int piece) => string.Create(CultureInfo.InvariantCulture, $"Segments{piece}");
}
