using Azure.Data.Tables;
using BatchFunctions.Files;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Storage;

namespace BatchFunctions.Simulation.Rules;

/// <summary>Files as their rows and pages stand in storage.</summary>
internal static class FileRows
{
    /// <summary>The file's blob, which the names of its segments begin with.</summary>
    public static BlobLocation BlobOf(TableEntity row) => new(row.GetString("Container"), row.GetString("Blob"));

    /// <summary>The pages of a file.</summary>
    public static IReadOnlyList<SegmentPage> PagesOf(TableEntity row) => SegmentPage.FromBytes(row.GetBinary("Pages"));

    /// <summary>All segments of a file, those in pages first; null where it is a single blob.</summary>
    public static IReadOnlyList<FileSegment>? SegmentsOf(Life life, TableEntity row)
    {
        var latest = Enumerable.Range(0, 12).SelectMany(i => row.GetBinary($"Segments{i}") ?? []).ToArray();
        var pages = PagesOf(row);
        if (latest.Length == 0 && pages.Count == 0)
        {
            return null;
        }

        var blob = BlobOf(row);
        var segments = new List<FileSegment>();
        foreach (var page in pages)
        {
            var stored = life.Account.Blobs.SlotsOf(blob.Container).FirstOrDefault(slot => slot.Name == page.In(blob).Name).Slot?.Blob;
            if (stored is null)
            {
                life.Violate("a page that a file's row names is there", page.In(blob).Name);
                continue;
            }

            var inPage = FileSegmentBytes.Read(stored.Blocks.SelectMany(block => block.Content).ToArray());
            if (SegmentPage.Of(page.First, [.. inPage]) != page)
            {
                life.Violate("a page has what the file's row says", page.In(blob).Name);
            }

            segments.AddRange(inPage);
        }

        segments.AddRange(FileSegmentBytes.Read(latest));
        return segments;
    }
}
