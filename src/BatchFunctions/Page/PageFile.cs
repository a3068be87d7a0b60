using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Page;

/// <summary>
/// A file of the page, with its content in every coding that it is sent in. It is compressed when it is first asked for in a
/// coding, as well as can be, and kept: all files together are a hundred kilobytes.
/// </summary>
internal sealed class PageFile
{
    private readonly Lazy<Representation> _plain;
    private readonly Lazy<Representation> _gzip;
    private readonly Lazy<Representation> _brotli;

    /// <param name="path">Where it is served.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="contentType">Their content type.</param>
    public PageFile(string path, byte[] content, string contentType)
    {
        Path = path;
        ContentType = contentType;
        var tag = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16));
        _plain = new(() => new Representation(content, TagOf(tag), null));
        _gzip = new(() => new Representation(
            Compressed(content, to => new GZipStream(to, CompressionLevel.SmallestSize)), TagOf(tag + "-gzip"), ContentCodings.Gzip));
        _brotli = new(() => new Representation(
            Compressed(content, to => new BrotliStream(to, CompressionLevel.SmallestSize)), TagOf(tag + "-br"), ContentCodings.Brotli));
    }

    public string Path { get; }

    public string ContentType { get; }

    /// <summary>The file in a coding of <see cref="ContentCodings"/>; uncompressed for null.</summary>
    public Representation In(string? coding) => coding switch
    {
        ContentCodings.Brotli => _brotli.Value,
        ContentCodings.Gzip => _gzip.Value,
        _ => _plain.Value,
    };

    private static EntityTagHeaderValue TagOf(string text) => new($"\"{text}\"");

    private static byte[] Compressed(byte[] content, Func<Stream, Stream> coder)
    {
        using var compressed = new MemoryStream();
        using (var stream = coder(compressed))
        {
            stream.Write(content);
        }

        return compressed.ToArray();
    }

    /// <summary>A file's bytes as they are sent.</summary>
    /// <param name="Content">The bytes.</param>
    /// <param name="Tag">Their entity tag: each coding has its own, since a tag is of bytes and not of what they mean.</param>
    /// <param name="Coding">The content coding; null if there is none.</param>
    internal sealed record Representation(byte[] Content, EntityTagHeaderValue Tag, string? Coding);
}
