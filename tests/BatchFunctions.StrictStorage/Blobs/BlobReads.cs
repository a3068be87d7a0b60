using System.Globalization;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>Requests that read a blob: its content, its properties, its blocks.</summary>
internal static class BlobReads
{
    private const string AnswerType = "application/xml";

    /// <summary>Get Blob and Get Blob Properties.</summary>
    public static StorageResponse Read(StorageRequest request, Container container, string name)
    {
        request.AllowOnly();
        var blob = container.FindBlob(name) ?? throw BlobService.BlobNotFound();
        BlobConditions.CheckRead(request, blob);
        if (request.Method == "HEAD")
        {
            return Described(new StorageResponse(200), blob)
                .With("Content-Type", blob.ContentType)
                .With("Content-Length", blob.Length.ToString(CultureInfo.InvariantCulture));
        }

        var range = BlobRange.Of(request, blob.Length);
        var (first, length) = range is { } part ? (part.First, part.Length) : (0, blob.Length);
        var response = Described(new StorageResponse(range is null ? 200 : 206), blob)
            .WithBody(blob.ContentType, new BlockStream(blob.Blocks, first, length));
        return range is null ? response : response.With("Content-Range", range.Value.In(blob.Length));
    }

    /// <summary>Get Block List: of a blob with uncommitted blocks alone too.</summary>
    public static StorageResponse ListBlocks(StorageRequest request, Container container, string name)
    {
        request.AllowOnly("blocklisttype");
        var slot = container.Find(name) ?? throw BlobService.BlobNotFound();
        var type = request.Query("blocklisttype") ?? "committed";
        if (type is not ("all" or "committed" or "uncommitted"))
        {
            throw new StorageException(400, "InvalidQueryParameterValue", $"The block list type {type} is invalid.");
        }

        var response = new StorageResponse(200).WithBody(AnswerType, BlockListXml.Write(
            type == "uncommitted" ? null : slot.Blob?.Blocks ?? [],
            type == "committed" ? null : slot.Uncommitted));
        return slot.Blob is { } blob
            ? response.With("ETag", blob.ETag)
                .With("Last-Modified", blob.WrittenAt)
                .With("x-ms-blob-content-length", blob.Length.ToString(CultureInfo.InvariantCulture))
            : response.With("x-ms-blob-content-length", "0");
    }

    private static StorageResponse Described(StorageResponse response, Blob blob)
    {
        response.With("ETag", blob.ETag)
            .With("Last-Modified", blob.WrittenAt)
            .With("x-ms-creation-time", blob.CreatedAt)
            .With("x-ms-blob-type", "BlockBlob")
            .With("Accept-Ranges", "bytes");
        if (blob.ContentMd5 is { } md5)
        {
            response.With("Content-MD5", md5);
        }

        return blob.Metadata.Aggregate(response, (answer, pair) => answer.With(BlobService.MetadataPrefix + pair.Key, pair.Value));
    }
}
