using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>Requests that write a blob: as a whole, in blocks, and its end.</summary>
internal static class BlobWrites
{
    private const int LongestBlockId = 64;
    private const string UsualType = "application/octet-stream";

    /// <summary>Put Blob (https://learn.microsoft.com/rest/api/storageservices/put-blob).</summary>
    public static StorageResponse Put(StorageRequest request, Container container, string name)
    {
        request.AllowOnly();
        if (request.Header("x-ms-blob-type") is var type && type != "BlockBlob")
        {
            throw type is null
                ? new StorageException(400, "MissingRequiredHeader", "x-ms-blob-type is required.")
                : StorageException.NotBuilt($"a blob of the type {type}");
        }

        var md5 = CheckMd5(request);
        BlobConditions.CheckWrite(request, container.FindBlob(name));
        var written = container.Open(name).Write(
            request.Body.Length == 0 ? [] : [new Block(null, request.Body)],
            request.Header("x-ms-blob-content-type") ?? request.Header("Content-Type") ?? UsualType,
            md5,
            request.HeadersWith(BlobService.MetadataPrefix));
        return Written(written).With("Content-MD5", md5);
    }

    /// <summary>Put Block (https://learn.microsoft.com/rest/api/storageservices/put-block).</summary>
    public static StorageResponse PutBlock(StorageRequest request, Container container, string name)
    {
        request.AllowOnly("blockid");
        var id = request.Query("blockid")
            ?? throw new StorageException(400, "MissingRequiredQueryParameter", "blockid is required.");
        if (id.Length == 0 || !TryLength(id, out var length) || length > LongestBlockId)
        {
            throw new StorageException(400, "InvalidQueryParameterValue", $"The block id {id} is no Base64 of 1 to {LongestBlockId} bytes.");
        }

        if (request.Body.Length == 0)
        {
            throw StorageException.InvalidHeader("The value for one of the HTTP headers is not in the correct format: Content-Length is 0.");
        }

        var md5 = CheckMd5(request);
        container.Open(name).Stage(new Block(id, request.Body));
        return new StorageResponse(201).With("Content-MD5", md5);
    }

    /// <summary>Put Block List (https://learn.microsoft.com/rest/api/storageservices/put-block-list).</summary>
    public static StorageResponse Commit(StorageRequest request, Container container, string name)
    {
        request.AllowOnly();
        CheckMd5(request);
        BlobConditions.CheckWrite(request, container.FindBlob(name));
        var list = BlockListXml.Read(request.Body);
        var slot = container.Open(name);
        return Written(slot.Write(
            slot.Find(list),
            request.Header("x-ms-blob-content-type") ?? UsualType,
            null,
            request.HeadersWith(BlobService.MetadataPrefix)));
    }

    /// <summary>
    /// Delete Blob (https://learn.microsoft.com/rest/api/storageservices/delete-blob). What has uncommitted blocks alone is no blob,
    /// and keeps them.
    /// </summary>
    public static StorageResponse Delete(StorageRequest request, Container container, string name)
    {
        request.AllowOnly();
        var blob = container.FindBlob(name) ?? throw BlobService.BlobNotFound();
        BlobConditions.CheckWrite(request, blob);
        container.Remove(name);
        return new StorageResponse(202).With("x-ms-delete-type-permanent", "true");
    }

    private static StorageResponse Written(Blob blob) => new StorageResponse(201)
        .With("ETag", blob.ETag)
        .With("Last-Modified", blob.WrittenAt)
        .With("x-ms-request-server-encrypted", "true");

    private static bool TryLength(string id, out int length)
    {
        var bytes = new byte[id.Length];
        return Convert.TryFromBase64String(id, bytes, out length);
    }

    /// <summary>Compares the MD5 that was sent with the content, if there is one.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "The protocol's checksum.")]
    private static string CheckMd5(StorageRequest request)
    {
        var md5 = Convert.ToBase64String(MD5.HashData(request.Body));
        return request.Header("Content-MD5") is not { } sent || sent == md5
            ? md5
            : throw new StorageException(400, "Md5Mismatch", "The MD5 value specified in the request did not match the MD5 value of the content.");
    }
}
