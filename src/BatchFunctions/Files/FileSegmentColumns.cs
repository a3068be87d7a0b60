using System.Globalization;
using Azure.Data.Tables;

namespace BatchFunctions.Files;

/// <summary>The segments of a file as columns of its row: packed, and cut into pieces, since a column takes 64 KiB.</summary>
internal static class FileSegmentColumns
{
    /// <summary>The version of a row with pages: an older one would take the segments beside them for the whole file.</summary>
    public const int VersionOfPages = 2;

    /// <summary>The columns of segments: some 70,000 fit in them.</summary>
    private const int MostOfSegments = 12;

    /// <summary>The columns of what each chunk has in pages: some 80,000 chunks fit in them.</summary>
    private const int MostOfChunks = 3;

    private const int BytesOfColumn = 64 * 1024;

    public static void Write(TableEntity row, StoredFile file)
    {
        Write(row, "Segments", MostOfSegments, FileSegmentBytes.Write(file.Segments ?? []));
        Write(row, "Paged", MostOfChunks, file.Pages.Count > 0 ? file.Paged.ToBytes() : []);
        row["Pages"] = file.Pages.Count > 0 ? SegmentPage.ToBytes(file.Pages) : null;
    }

    /// <summary>The file with the segments of its row.</summary>
    public static StoredFile Read(TableEntity row, StoredFile file)
    {
        var segments = Read(row, "Segments", MostOfSegments);
        var pages = row.GetBinary("Pages");
        return file with
        {
            Segments = segments.Length > 0 || pages is not null ? FileSegmentBytes.Read(segments) : null,
            Pages = SegmentPage.FromBytes(pages),
            Paged = PagedChunks.FromBytes(Read(row, "Paged", MostOfChunks)),
        };
    }

    private static void Write(TableEntity row, string name, int most, byte[] bytes)
    {
        var pieces = bytes.Chunk(BytesOfColumn).ToList();
        if (pieces.Count > most)
        {
            throw new InvalidOperationException($"The file's {name}, of {bytes.Length} bytes, do not fit its row.");
        }

        for (var i = 0; i < most; i++)
        {
            row[NameOf(name, i)] = i < pieces.Count ? pieces[i] : null;
        }
    }

    private static byte[] Read(TableEntity row, string name, int most) =>
        [.. Enumerable.Range(0, most).SelectMany(i => row.GetBinary(NameOf(name, i)) ?? [])];

    private static string NameOf(string name, int piece) => string.Create(CultureInfo.InvariantCulture, $"{name}{piece}");
}
