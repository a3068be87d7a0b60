using System.Text;
using BatchFunctions.Http;
using BatchFunctions.Memory;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Files;

/// <summary>
/// A multipart body, read part by part as it arrives, with only a part's headers in memory. ASP.NET's own form reading
/// would buffer or spool the whole body, and has limits of its own.
/// </summary>
internal sealed class MultipartForm
{
    private const string MediaType = "multipart/form-data";
    private const int MaxBoundaryLength = 256;

    /// <summary>The most bytes of a body beyond its file: boundaries, headers and the other fields.</summary>
    private const long Overhead = 1024 * 1024;

    private readonly MultipartReader _reader;
    private readonly long? _length;
    private readonly int _boundaryLength;

    private MultipartForm(MultipartReader reader, long? length, int boundaryLength)
    {
        _reader = reader;
        _length = length;
        _boundaryLength = boundaryLength;
    }

    /// <param name="request">The request.</param>
    /// <param name="maxFileBytes">The largest size of its file, in bytes.</param>
    /// <param name="tooLarge">What to answer to more than that.</param>
    /// <exception cref="ApiException">The body is not a form, or too large by its Content-Length.</exception>
    public static MultipartForm Open(HttpRequest request, long maxFileBytes, ApiError tooLarge)
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
            throw new ApiException(tooLarge);
        }

        return new MultipartForm(new MultipartReader(boundary.ToString(), request.Body), request.ContentLength, boundary.Length);
    }

    /// <summary>How many bytes the form's file has at least, by the body's Content-Length.</summary>
    public long LeastFileBytes => Math.Max(0, (_length ?? 0) - Overhead);

    /// <summary>
    /// How many bytes the content of a form's only part should have, by the body's Content-Length and the framing that
    /// clients usually write; null for a body without one. What comes may be more or less.
    /// </summary>
    public long? LengthOf(FormPart part)
    {
        // --boundary CRLF, the headers, CRLF, the content, CRLF --boundary-- CRLF.
        var framing = 2 + _boundaryLength + 2 + part.HeaderBytes + 2 + 4 + _boundaryLength + 4;
        return _length is { } length ? Math.Max(0, length - framing) : null;
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
                    ? new FormPart(name.ToString(), disposition, section.Body, HeaderBytesOf(section))
                    : throw new ApiException(FileErrors.BrokenForm);
        }
        catch (Exception e) when (FormPart.IsBroken(e))
        {
            throw new ApiException(FileErrors.BrokenForm);
        }
    }

    private static int HeaderBytesOf(MultipartSection section) => section.Headers?.Sum(
        header => header.Value.Sum(value => Encoding.UTF8.GetByteCount(header.Key) + 2 + Encoding.UTF8.GetByteCount(value ?? "") + 2)) ?? 0;
}

/// <summary>One part of a form, to be read before the next one.</summary>
internal sealed class FormPart(string name, ContentDispositionHeaderValue disposition, Stream body, int headerBytes) : IDisposable
{
    /// <summary>The longest value of a field other than the file, in bytes.</summary>
    private const int MaxTextBytes = 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly Body _body = new(body);
    private UnpackedStream? _unpacked;

    public string Name { get; } = name;

    /// <summary>How many bytes its headers take, as clients usually write them.</summary>
    public int HeaderBytes { get; } = headerBytes;

    /// <summary>The client's name for the file, cleaned; null if it sends none.</summary>
    public string? Filename { get; } = FileName.Of(disposition);

    /// <summary>From now on what is read is what the part's gzip holds.</summary>
    public void Unpack() => _unpacked = new UnpackedStream(_body);

    /// <inheritdoc/>
    public void Dispose()
    {
        _unpacked?.Dispose();
        _body.Dispose();
    }

    /// <summary>Reads until the buffer is full or the part has ended.</summary>
    /// <returns>The number of bytes read, which is less than the buffer's size only at the end of the part.</returns>
    public async ValueTask<int> FillAsync(Memory<byte> buffer, CancellationToken ct)
    {
        if (_unpacked is null)
        {
            return await _body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        }

        try
        {
            return await _unpacked.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        }
        catch (InvalidDataException)
        {
            throw new ApiException(FileErrors.BrokenGzip);
        }
    }

    /// <summary>Reads the part as a short text.</summary>
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

    /// <summary>
    /// Whether the form is at fault. The server's own complaints about a body carry a status of their own.
    /// </summary>
    public static bool IsBroken(Exception e) => e is InvalidDataException or (IOException and not BadHttpRequestException);

    /// <summary>The part as it comes; where the form breaks, it says so in the API's words.</summary>
    private sealed class Body(Stream stream) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await stream.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception e) when (IsBroken(e))
            {
                throw new ApiException(FileErrors.BrokenForm);
            }
        }
    }
}
