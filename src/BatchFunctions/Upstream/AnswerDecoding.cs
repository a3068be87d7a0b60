using System.Buffers;
using System.IO.Compression;
using System.Text;
using BatchFunctions.Memory;

namespace BatchFunctions.Upstream;

/// <summary>
/// An answer's content as it was before it was compressed. The HTTP handler could do it too, but where a label lies (gateways
/// call plain JSON compressed) it would keep what came to itself.
/// </summary>
internal sealed class AnswerDecoding : IAsyncDisposable
{
    /// <summary>What is accepted, as a request says it.</summary>
    public const string Accepted = "gzip, deflate, br";

    private readonly Head _head;
    private readonly Stream _decoded;

    private AnswerDecoding(Head head, Stream decoded)
    {
        _head = head;
        _decoded = decoded;
    }

    /// <summary>The content, decoded.</summary>
    public Stream Content => _decoded;

    /// <summary>The first of what came over the wire, as text: what there is to show of an answer that cannot be decoded.</summary>
    public string Received => Encoding.UTF8.GetString(_head.Bytes);

    public static async ValueTask<AnswerDecoding> OpenAsync(HttpContent content, CancellationToken ct)
    {
        var head = new Head(await content.ReadAsStreamAsync(ct));
        Stream decoded = head;
        foreach (var encoding in content.Headers.ContentEncoding.Reverse())
        {
            decoded = encoding.ToUpperInvariant() switch
            {
                "GZIP" or "X-GZIP" => new GZipStream(decoded, CompressionMode.Decompress),
                "DEFLATE" => new ZLibStream(decoded, CompressionMode.Decompress),
                "BR" => new BrotliStream(decoded, CompressionMode.Decompress),
                _ => decoded,
            };
        }

        return new AnswerDecoding(head, decoded);
    }

    public async ValueTask DisposeAsync()
    {
        await _decoded.DisposeAsync();
        await _head.DisposeAsync();
    }

    /// <summary>A stream that remembers its first bytes, until it is disposed of.</summary>
    private sealed class Head(Stream inner) : ReadOnlyStream
    {
        private const int Most = 4096;

        private byte[] _first = ArrayPool<byte>.Shared.Rent(Most);
        private int _count;

        public ReadOnlySpan<byte> Bytes => _first.AsSpan(0, _count);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            var kept = Math.Min(read, Most - _count);
            buffer.Span[..kept].CopyTo(_first.AsSpan(_count));
            _count += kept;
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                Forget();
            }

            base.Dispose(disposing);
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }

        private void Forget()
        {
            // Disposed of twice: by the decoder before it, and by itself.
            var first = _first;
            (_first, _count) = ([], 0);
            if (first.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(first);
            }
        }
    }
}
