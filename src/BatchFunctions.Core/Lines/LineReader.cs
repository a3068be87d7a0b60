using System.Buffers;
using System.Runtime.CompilerServices;
using BatchFunctions.Memory;

namespace BatchFunctions.Lines;

/// <summary>
/// Reads a JSONL stream once, line by line. Lines end with LF or CRLF; the last one needs no line ending. Lines of only
/// spaces, tabs and CRs are counted but skipped. Buffers one line or several short ones, and no line beyond
/// <c>maxLineBytes</c>. The caller disposes of the stream.
/// </summary>
/// <param name="stream">
/// The stream to read; it need not support seeking, and may return any number of bytes per read.
/// </param>
/// <param name="maxLineBytes">The longest line that is returned, in bytes without its line ending.</param>
/// <param name="startOffset">
/// The position in the file of the stream's first byte. A byte order mark is skipped only at 0.
/// </param>
/// <param name="firstLineNumber">The number of the stream's first line.</param>
/// <param name="memory">What a buffer for lines longer than usual is taken from; without limit where there is none.</param>
internal sealed class LineReader(
    Stream stream, int maxLineBytes, long startOffset = 0, int firstLineNumber = 1, ByteBudget? memory = null)
    : IDisposable
{
    private const int BufferBytes = 64 * 1024;
    private static readonly SearchValues<byte> Blanks = SearchValues.Create(" \t\r"u8);

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private readonly bool _atFileStart = startOffset == 0;
    private readonly ByteShare? _share = memory?.Open();
    private int _start;
    private int _scanned;
    private int _filled;
    private bool _streamEnded;
    private bool _begun;

    // The state of the line being read: whether it has outgrown maxLineBytes, whether what was skipped of it is blank,
    // and how many of its bytes have already left the buffer.
    private bool _passingOver;
    private bool _blankSoFar = true;
    private long _passedOver;

    /// <summary>The line without its line ending; valid until the next read. Empty if <see cref="TooLong"/>.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    /// <summary>The line's number in the file, from 1. Blank lines count.</summary>
    public int Number { get; private set; } = firstLineNumber - 1;

    /// <summary>The position in the file of the line's first byte.</summary>
    public long Offset { get; private set; }

    /// <summary>The position in the file of the first byte after the line ending.</summary>
    public long End { get; private set; } = startOffset;

    /// <summary>Whether the line is longer than allowed, and was skipped instead of buffered.</summary>
    public bool TooLong { get; private set; }

    /// <summary>Bytes read from the stream so far, including what was read ahead of the current line.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Advances to the next line that is not blank.</summary>
    /// <returns>False at the end of the stream.</returns>
    public ValueTask<bool> ReadAsync(CancellationToken ct) =>
        _begun && TryTakeLine() ? ValueTask.FromResult(true) : ReadOnAsync(ct);

    /// <inheritdoc/>
    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        _start = _scanned = _filled = 0;
        _streamEnded = true;
        Line = default;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _share?.Dispose();
    }

    // Pooled: every line that is not completely in the buffer takes this path.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReadOnAsync(CancellationToken ct)
    {
        if (!_begun)
        {
            await SkipByteOrderMarkAsync(ct);
            _begun = true;
        }

        while (!TryTakeLine())
        {
            if (_streamEnded)
            {
                return false;
            }

            await FillAsync(ct);
        }

        return true;
    }

    private async ValueTask SkipByteOrderMarkAsync(CancellationToken ct)
    {
        if (!_atFileStart)
        {
            return;
        }

        while (_filled < 3 && !_streamEnded)
        {
            await FillAsync(ct);
        }

        if (_buffer.AsSpan(0, _filled).StartsWith("\uFEFF"u8))
        {
            _start = _scanned = 3;
            End = 3;
        }
    }

    private async ValueTask FillAsync(CancellationToken ct)
    {
        await MakeRoomAsync(ct);
        var read = await stream.ReadAsync(_buffer.AsMemory(_filled), ct);
        _filled += read;
        BytesRead += read;
        _streamEnded = read == 0;
    }

    private async ValueTask MakeRoomAsync(CancellationToken ct)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _filled - _start).CopyTo(_buffer);
            _filled -= _start;
            _scanned -= _start;
            _start = 0;
        }

        if (_filled < _buffer.Length)
        {
            return;
        }

        // Both are held while one is copied to the other.
        var size = (int)Math.Min(2L * _buffer.Length, Array.MaxLength);
        if (_share is not null)
        {
            await _share.GrowAsync((long)size + _buffer.Length, ct);
        }

        var larger = ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(0, _filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        _share?.Set(larger.Length);
    }

    // Takes the next line from the buffer; false if the buffer does not hold all of it.
    private bool TryTakeLine()
    {
        while (true)
        {
            var found = _buffer.AsSpan(_scanned, _filled - _scanned).IndexOf((byte)'\n');
            if (found < 0 && !_streamEnded)
            {
                _scanned = _filled;
                PassOverWhatIsTooLong();
                return false;
            }

            var end = found < 0 ? _filled : _scanned + found;
            var next = found < 0 ? _filled : end + 1;
            if (found < 0 && end == _start && !_passingOver)
            {
                return false;
            }

            if (EndLine(end, next, terminated: found >= 0))
            {
                return true;
            }

            if (found < 0)
            {
                return false;
            }
        }
    }

    // Ends the line at `end`; false if it is blank.
    private bool EndLine(int end, int next, bool terminated)
    {
        Offset = End;
        Number++;
        var length = end - _start;
        if (terminated && length > 0 && _buffer[end - 1] == '\r')
        {
            length--;
        }

        ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, length);
        var blank = _blankSoFar && IsBlank(line.Span);
        TooLong = _passingOver || length > maxLineBytes;
        Line = TooLong ? default : line;
        End = Offset + _passedOver + (next - _start);
        _passedOver = 0;
        _start = _scanned = next;
        _passingOver = false;
        _blankSoFar = true;
        return !blank;
    }

    private void PassOverWhatIsTooLong()
    {
        // One more byte may turn out to be the CR of a CRLF.
        var held = _filled - _start;
        if (!_passingOver && held <= maxLineBytes + 1L)
        {
            return;
        }

        _blankSoFar = _blankSoFar && IsBlank(_buffer.AsSpan(_start, held));
        _passingOver = true;
        _passedOver += held;
        _start = _scanned = _filled = 0;
    }

    // Nearly every line begins with a byte that is not blank.
    private static bool IsBlank(ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty || (bytes[0] <= ' ' && bytes.IndexOfAnyExcept(Blanks) < 0);
}
