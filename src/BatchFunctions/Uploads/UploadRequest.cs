using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Uploads;

/// <summary>Reads and checks the bodies of requests to create and complete uploads.</summary>
internal static class UploadRequest
{
    /// <summary>The properties of a request to begin an upload.</summary>
    public static readonly string[] NewProperties = ["bytes", "filename", "mime_type", "purpose", "expires_after", IdempotencyKey.Property];

    /// <summary>Those of one to complete it.</summary>
    public static readonly string[] CompleteProperties = ["part_ids", "md5"];

    /// <exception cref="ApiException">The request is invalid.</exception>
    public static async Task<(Upload Upload, string? IdempotencyKey)> ReadNewAsync(
        HttpRequest request, string tenant, BatchOptions options, DateTimeOffset now, CancellationToken ct)
    {
        var body = await ApiBody.ReadAsync(request, NewProperties, ct);
        var bytes = body.RequiredInteger("bytes", 1, options.MaxFileBytes);
        var filename = body.RequiredString("filename");

        // OpenAI requires it, so a program that omits it is told here too; files here have no type.
        _ = body.RequiredString("mime_type");
        var purpose = FileFields.CheckedPurpose(body.RequiredString("purpose"));
        if (purpose == FilePurposes.Batch && FileName.IsPacked(filename.TrimEnd()))
        {
            throw new ApiException(UploadErrors.Packed);
        }

        var upload = new Upload
        {
            Tenant = tenant,
            Id = IdKind.Upload.New(now),
            Filename = FileName.Clean(filename)
                ?? throw new ApiException(ApiError.InvalidRequest("Invalid 'filename': expected a file's name.", "filename")),
            Purpose = purpose,
            Bytes = bytes,
            FileSeconds = RequestedLife.Read(body, "expires_after"),
            Status = UploadStatus.Pending,
        };
        return (upload, IdempotencyKey.Of(request, body.OptionalString(IdempotencyKey.Property)));
    }

    /// <exception cref="ApiException">The request is invalid.</exception>
    public static async Task<(IReadOnlyList<string> PartIds, byte[]? Md5)> ReadCompleteAsync(
        HttpRequest request, CancellationToken ct)
    {
        var body = await ApiBody.ReadAsync(request, CompleteProperties, ct);
        var ids = body.RequiredStrings("part_ids");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ids.Count; i++)
        {
            if (!UploadPart.Kind.IsValid(ids[i]))
            {
                throw new ApiException(UploadErrors.NoPart(i, ids[i]));
            }

            if (!seen.Add(ids[i]))
            {
                throw new ApiException(UploadErrors.PartTwice(i));
            }
        }

        return (ids, body.OptionalString("md5") is { } md5 ? Md5Of(md5) : null);
    }

    /// <summary>
    /// OpenAI does not specify the checksum's format: hex, as from <c>md5sum</c>, and base64, as in HTTP, are accepted.
    /// </summary>
    private static byte[] Md5Of(string text)
    {
        var md5 = new byte[16];
        var known = text.Length == 32
            ? Convert.FromHexString(text, md5, out _, out _) == System.Buffers.OperationStatus.Done
            : text.Length == 24 && Convert.TryFromBase64String(text, md5, out var length) && length == md5.Length;
        return known ? md5 : throw new ApiException(UploadErrors.NoMd5);
    }
}
