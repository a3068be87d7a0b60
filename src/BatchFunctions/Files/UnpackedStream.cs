using System.IO.Compression;
using System.Security.Cryptography;
using BatchFunctions.Memory;

namespace BatchFunctions.Files;

/// <summary>
/// What a gzip stream holds, of all its members. The platform's own reader takes a stream that breaks off for one that has ended, and
/// stops without a word at what is no member; so a member of random bytes is put behind the last one: only where everything before
/// it was whole do they come out at the end.
/// </summary>
internal sealed class UnpackedStream : ReadOnlyStream
{
    private const int MarkBytes = 32;

    private readonly byte[] _mark = RandomNumberGenerator.GetBytes(MarkBytes);
    private readonly byte[] _held = new byte[BlockPool.BlockBytes];
    private readonly GZipStream _content;
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <param name="packed">The gzip stream; it is not disposed of.</param>
    public UnpackedStream(Stream packed) => _content = new GZipStream(new Marked(packed, Packed(_mark)), CompressionMode.Decompress);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">It is no gzip, breaks off, or has something behind it.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_end - _start <= MarkBytes && !_isAtEnd)
        {
            _held.AsSpan(_start, _end - _start).CopyTo(_held);
            (_start, _end) = (0, _end - _start);
            var read = await _content.ReadAsync(_held.AsMemory(_end), cancellationToken);
            _end += read;
            _isAtEnd = read == 0;
        }

        // The last bytes are held back, since they may be the mark.
        var ready = _held.AsMemory(_start, Math.Max(0, _end - _start - MarkBytes));
        if (ready.IsEmpty && !_held.AsSpan(_start, _end - _start).SequenceEqual(_mark))
        {
            throw new InvalidDataException("The stream of gzip is not whole.");
        }

        var taken = Math.Min(buffer.Length, ready.Length);
        ready[..taken].CopyTo(buffer);
        _start += taken;
        return taken;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
        }

        base.Dispose(disposing);
    }

    private static byte[] Packed(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.NoCompression))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }

    /// <summary>A stream with something behind it.</summary>
    private sealed class Marked(Stream content, byte[] mark) : ReadOnlyStream
    {
        private int _read;
        private bool _isAtEnd;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!_isAtEnd)
            {
                var read = await content.ReadAsync(buffer, cancellationToken);
                _isAtEnd = read == 0 && buffer.Length > 0;
                if (!_isAtEnd)
                {
                    return read;
                }
            }

            var taken = Math.Min(buffer.Length, mark.Length - _read);
            mark.AsMemory(_read, taken).CopyTo(buffer);
            _read += taken;
            return taken;
        }
    }
}
