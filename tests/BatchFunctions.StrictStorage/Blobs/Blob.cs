using System.Globalization;

namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>A block blob's committed content, as it was written at once; it is replaced and never changed.</summary>
/// <param name="Blocks">Its blocks, in order.</param>
/// <param name="ContentType">The type that it was written with.</param>
/// <param name="ContentMd5">The MD5 of a blob that was put as a whole, in Base64; null otherwise.</param>
/// <param name="Metadata">Its metadata.</param>
/// <param name="CreatedAt">When a blob of its name first came to be.</param>
/// <param name="WrittenAt">When it was written.</param>
internal sealed record Blob(
    IReadOnlyList<Block> Blocks,
    string ContentType,
    string? ContentMd5,
    IReadOnlyDictionary<string, string> Metadata,
    DateTimeOffset CreatedAt,
    DateTimeOffset WrittenAt)
{
    public long Length { get; } = Blocks.Sum(block => (long)block.Content.Length);

    public string ETag => ETagOf(WrittenAt);

    public static string ETagOf(DateTimeOffset time) => string.Create(CultureInfo.InvariantCulture, $"\"0x{time.UtcTicks:X}\"");
}
