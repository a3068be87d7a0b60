using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Ids;

namespace BatchFunctions.Uploads;

/// <summary>
/// A part of an upload: the blocks whose names begin with the digits of its id. The id is only returned once all of its
/// blocks are staged, so a part that broke off has an id that nobody knows, and can never be named.
/// </summary>
internal sealed record UploadPart(string Id, string UploadId)
{
    public const string Field = "data";

    /// <summary>OpenAI's limit for a part, 64 MB.</summary>
    public const long MaxBytes = 64 * 1024 * 1024;

    public static readonly IdKind Kind = new("part_");

    public DateTimeOffset CreatedAt => Kind.CreatedAt(Id);

    /// <summary>The prefix of the names of the part's blocks.</summary>
    public static string OwnerOf(string id) => id[Kind.Prefix.Length..];

    /// <summary>
    /// The part's blocks, in order, from all blocks of the blob; empty if the upload has no such part.
    /// </summary>
    public static IEnumerable<(string BlockId, long Bytes)> BlocksOf(string id, IReadOnlyDictionary<string, long> blocks)
    {
        for (var number = 0; ; number++)
        {
            var name = FileBlobs.BlockId(OwnerOf(id), number);
            if (!blocks.TryGetValue(name, out var bytes))
            {
                yield break;
            }

            yield return (name, bytes);
        }
    }

    /// <summary>The blocks of an upload's file: those of the given parts, in their order.</summary>
    /// <exception cref="ApiException">The parts do not make up the file.</exception>
    public static List<string> WantedBlocks(
        Upload upload, IReadOnlyList<string> partIds, IReadOnlyDictionary<string, long> blocks)
    {
        var wanted = new List<string>();
        long bytes = 0;
        for (var i = 0; i < partIds.Count; i++)
        {
            var before = wanted.Count;
            foreach (var (blockId, size) in BlocksOf(partIds[i], blocks))
            {
                wanted.Add(blockId);
                bytes += size;
            }

            if (wanted.Count == before)
            {
                throw new ApiException(UploadErrors.NoPart(i, partIds[i]));
            }
        }

        return bytes != upload.Bytes ? throw new ApiException(UploadErrors.WrongTotal(upload.Bytes, bytes))
            : wanted.Count > FileBlobs.MaxBlocks ? throw new ApiException(UploadErrors.TooManyBlocks(FileBlobs.MaxBlocks))
            : wanted;
    }
}
