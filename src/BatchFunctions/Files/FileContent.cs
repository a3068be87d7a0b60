using System.Globalization;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Files;

/// <summary>
/// A file's bytes, or one range of them, streamed from a single read of storage. Always sent as a download: what users
/// upload must not run in a browser under the service's origin.
/// </summary>
internal sealed class FileContent(StoredFile file, FileBlobs blobs) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var ct = httpContext.RequestAborted;
        var response = httpContext.Response;
        response.Headers.AcceptRanges = "bytes";
        var range = RangeOf(httpContext.Request);
        if (range is { Length: 0 })
        {
            response.Headers.ContentRange = Text($"bytes */{file.Bytes}");
            throw new ApiException(FileErrors.RangeNotSatisfiable(file.Bytes));
        }

        var (offset, length) = range ?? (0, file.Bytes);
        await using var content = length == 0 ? Stream.Null : await blobs.OpenAsync(file.Blob, offset, length, ct)
            ?? throw new ApiException(FileErrors.NoFile(file.Id));
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(file.Filename);
        response.Headers.ContentDisposition = disposition.ToString();
        response.Headers.ETag = EntityTag.ToString();
        response.ContentType = "application/octet-stream";
        response.ContentLength = length;
        if (range is not null)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = Text($"bytes {offset}-{offset + length - 1}/{file.Bytes}");
        }

        // A failure from here on breaks the response off: these headers do not fit an error.
        await response.StartAsync(ct);
        await content.CopyToAsync(response.Body, ct);
    }

    /// <summary>A file's bytes never change, so its id serves as its ETag.</summary>
    private EntityTagHeaderValue EntityTag => new($"\"{file.Id}\"");

    /// <summary>
    /// The single range that is asked for, with length 0 if it lies beyond the file; null for the whole file. Several
    /// ranges, and anything that is not a range, get the whole file, as RFC 9110 allows.
    /// </summary>
    private (long Offset, long Length)? RangeOf(HttpRequest request)
    {
        if (!RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var header)
            || !header.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
            || header.Ranges.Count != 1
            || !IsMeantForThis(request.Headers.IfRange.ToString()))
        {
            return null;
        }

        var range = header.Ranges.Single();
        if (range.From is not { } from)
        {
            var last = Math.Min(range.To!.Value, file.Bytes);
            return (file.Bytes - last, last);
        }

        return from >= file.Bytes
            ? (0, 0)
            : (from, Math.Min(range.To ?? long.MaxValue, file.Bytes - 1) - from + 1);
    }

    private bool IsMeantForThis(string ifRange) => ifRange.Length == 0
        || (EntityTagHeaderValue.TryParse(ifRange, out var tag) && tag.Compare(EntityTag, useStrongComparison: true));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
