using System.Globalization;
using System.Runtime.CompilerServices;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Files;

/// <summary>
/// A file's bytes, or one range of them, or some of its lines, streamed from storage. Of a result file that its batch is still
/// adding to it is what there is when the request comes. Always sent as a download: what users upload must not run in a browser
/// under the service's origin.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="blobs">Where it is read from.</param>
/// <param name="parts">Which blobs have what of it.</param>
/// <param name="lines">The lines that are asked for; null for bytes.</param>
internal sealed class FileContent(StoredFile file, FileBlobs blobs, FileParts parts, LineSlice? lines) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var ct = httpContext.RequestAborted;
        var response = httpContext.Response;
        var content = (lines is null ? BytesOf(httpContext.Request, response, ct) : LinesOf(lines, response, ct)).GetAsyncEnumerator(ct);
        await using var reading = content.ConfigureAwait(false);
        var isMore = await MoveFirstAsync(content);
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(file.Filename);
        response.Headers.ContentDisposition = disposition.ToString();
        response.ContentType = "application/octet-stream";

        // A failure from here on breaks the response off; until now the guard takes the file's headers away.
        await response.StartAsync(ct);
        for (; isMore; isMore = await content.MoveNextAsync())
        {
            await response.Body.WriteAsync(content.Current, ct);
        }
    }

    private IAsyncEnumerable<ReadOnlyMemory<byte>> BytesOf(HttpRequest request, HttpResponse response, CancellationToken ct)
    {
        response.Headers.AcceptRanges = "bytes";
        var range = RangeOf(request);
        if (range is { Length: 0 })
        {
            response.Headers.ContentRange = Text($"bytes */{file.Bytes}");
            throw new ApiException(FileErrors.RangeNotSatisfiable(file.Bytes));
        }

        var (offset, length) = range ?? (0, file.Bytes);
        response.Headers.ETag = EntityTag.ToString();
        response.ContentLength = length;
        if (range is not null)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = Text($"bytes {offset}-{offset + length - 1}/{file.Bytes}");
        }

        TellLines(response, range is null ? file.SegmentLines : null, isAll: true);
        return blobs.ReadAsync(parts.OfBytesAsync(file, offset, length, ct), ct);
    }

    private IAsyncEnumerable<ReadOnlyMemory<byte>> LinesOf(LineSlice slice, HttpResponse response, CancellationToken ct)
    {
        var last = file.SegmentLines is { } all ? slice.LastOf(all) : (long?)null;
        TellLines(response, last, isAll: last == file.SegmentLines);
        return CutAsync(slice, ct);
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> CutAsync(LineSlice slice, [EnumeratorCancellation] CancellationToken ct)
    {
        var (wanted, before) = await parts.OfLinesAsync(file, slice, ct);
        await foreach (var piece in slice.CutAsync(blobs.ReadAsync(wanted, ct), before, ct))
        {
            yield return piece;
        }
    }

    private void TellLines(HttpResponse response, long? last, bool isAll)
    {
        if (file.IsGrowing || !isAll)
        {
            response.Headers[ContentHeaders.Incomplete] = "true";
        }

        if (last is { } line)
        {
            response.Headers[ContentHeaders.LastLine] = Text($"{line}");
        }
    }

    private async Task<bool> MoveFirstAsync(IAsyncEnumerator<ReadOnlyMemory<byte>> content)
    {
        try
        {
            return await content.MoveNextAsync();
        }
        catch (FileNotFoundException)
        {
            throw new ApiException(FileErrors.NoFile(file.Id));
        }
    }

    /// <summary>A whole file's bytes never change, so its id serves as its ETag; one that grows has one for each size.</summary>
    private EntityTagHeaderValue EntityTag => new(file.IsGrowing ? Text($"\"{file.Id}-{file.Bytes}\"") : $"\"{file.Id}\"");

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
