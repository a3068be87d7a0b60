using System.Globalization;
using BatchFunctions.Storage;

namespace BatchFunctions.Files;

/// <summary>
/// A part of a result file: a blob below the file's own, written once. A file is a list of them, in the order in which they were
/// published, which only grows.
/// </summary>
/// <param name="Chunk">The number of the chunk whose results it has.</param>
/// <param name="Epoch">The epoch of the claim that wrote it; 0 for <see cref="Whole"/>.</param>
/// <param name="Part">Its number within that claim.</param>
/// <param name="Bytes">Its size in bytes.</param>
/// <param name="Lines">Its lines.</param>
internal readonly record struct FileSegment(int Chunk, int Epoch, int Part, long Bytes, int Lines)
{
    /// <summary>The blob of the file itself, as versions before 0.2 put results together.</summary>
    public static FileSegment Whole(long bytes, int lines) => new(0, 0, 0, bytes, lines);

    /// <summary>Where it is.</summary>
    /// <param name="file">The file's blob, which the names of its segments begin with.</param>
    public BlobLocation In(BlobLocation file) => Epoch == 0 ? file : At(file, Chunk, Epoch, Part);

    /// <summary>Which segment a blob is, by its name; null where it is none.</summary>
    public static (string File, int Chunk, int Epoch, int Part)? TryRead(string name)
    {
        var end = name.LastIndexOf('/');
        return end > 0
            && name[(end + 1)..].Split('-') is [var chunk, var epoch, var part]
            && int.TryParse(chunk, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && int.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var claim)
            && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
                ? (name[..end], number, claim, place)
                : null;
    }

    /// <inheritdoc cref="In"/>
    public static BlobLocation At(BlobLocation file, int chunk, int epoch, int part) => file with
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"{file.Name}/{chunk:D6}-{epoch:D6}-{part:D6}"),
    };
}
