using System.Text;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Files;

/// <summary>
/// A multipart body, part by part as it comes, with nothing held but the part's headers. ASP.NET's own form reading
/// would hold or spool it whole, and stops at limits of its own.
/// </summary>
internal sealed class MultipartForm
{
    private const string MediaType = "multipart/form-data";
    private const int MaxBoundaryLength = 256;

    /// <summary>What a body may weigh beyond its file: boundaries, headers and the other fields.</summary>
    private const long Overhead = 1024 * 1024;

    private readonly MultipartReader _reader;

    private MultipartForm(MultipartReader reader) => _reader = reader;

    /// <param name="request">The request.</param>
    /// <param name="maxFileBytes">What its file may weigh.</param>
    /// <exception cref="ApiException">The body is no form, or too large by what it says of itself.</exception>
    public static MultipartForm Open(HttpRequest request, long maxFileBytes)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiException(ApiError.WrongContentType(MediaType));
        }

        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary);
        if (boundary.Length is 0 or > MaxBoundaryLength)
        {
            throw new ApiException(FileErrors.NoBoundary);
        }

        if (request.ContentLength > maxFileBytes + Overhead)
        {
            throw new ApiException(ApiError.TooLarge(maxFileBytes));
        }

        return new MultipartForm(new MultipartReader(boundary.ToString(), request.Body));
    }

    /// <summary>The next part; null after the last.</summary>
    public async Task<FormPart?> NextAsync(CancellationToken ct)
    {
        try
        {
            if (await _reader.ReadNextSectionAsync(ct) is not { } section)
            {
                return null;
            }

            return ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)
                && disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase)
                && HeaderUtilities.RemoveQuotes(disposition.Name) is { Length: > 0 } name
                    ? new FormPart(name.ToString(), disposition, section.Body)
                    : throw new ApiException(FileErrors.BrokenForm);
        }
        catch (Exception e) when (FormPart.IsBroken(e))
        {
            throw new ApiException(FileErrors.BrokenForm);
        }
    }
}

/// <summary>One part of a form: to be read before the next is asked for.</summary>
internal sealed class FormPart(string name, ContentDispositionHeaderValue disposition, Stream body)
{
    /// <summary>No field but the file is longer.</summary>
    private const int MaxTextBytes = 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public string Name { get; } = name;

    /// <summary>The name that the client gives the file, fit to be kept; null when it gives none.</summary>
    public string? Filename { get; } = FileName.Of(disposition);

    /// <summary>Reads on until the buffer is full or the part has ended.</summary>
    /// <returns>How many bytes were read: fewer than the buffer takes at the end alone.</returns>
    public async ValueTask<int> FillAsync(Memory<byte> buffer, CancellationToken ct)
    {
        try
        {
            return await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        }
        catch (Exception e) when (IsBroken(e))
        {
            throw new ApiException(FileErrors.BrokenForm);
        }
    }

    /// <summary>The part as a short text.</summary>
    public async Task<string> ReadTextAsync(CancellationToken ct)
    {
        var buffer = new byte[MaxTextBytes + 1];
        var length = await FillAsync(buffer, ct);
        if (length > MaxTextBytes)
        {
            throw new ApiException(
                ApiError.InvalidRequest($"Invalid '{Name}': the value is too long.", Name, "string_above_max_length"));
        }

        try
        {
            return StrictUtf8.GetString(buffer, 0, length);
        }
        catch (DecoderFallbackException)
        {
            throw new ApiException(ApiError.InvalidRequest($"Invalid '{Name}': the value is not UTF-8.", Name));
        }
    }

    /// <summary>Whether the form is at fault. What the server itself finds wrong with the body says so by its status.</summary>
    public static bool IsBroken(Exception e) => e is InvalidDataException or (IOException and not BadHttpRequestException);
}
