using System.Buffers;

namespace BatchFunctions.Lines;

/// <summary>
/// Counts the lines of a file that comes in pieces of any size, as <see cref="LineReader"/> would return them: those of only
/// spaces, tabs and CRs do not count.
/// </summary>
internal sealed class LineCounter
{
    private static readonly SearchValues<byte> Blanks = SearchValues.Create(" \t\r"u8);

    private long _ended;
    private long _bytes;
    private long _endedBytes;
    private bool _hasText;

    /// <summary>The lines so far; the last one counts whether or not it has ended.</summary>
    public long Lines => _ended + (_hasText ? 1 : 0);

    /// <summary>Reads the file's next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_bytes == 0 && bytes.StartsWith("\uFEFF"u8))
        {
            // A byte order mark alone is no line.
            _bytes = 3;
            bytes = bytes[3..];
        }

        _bytes += bytes.Length;
        var start = _bytes - bytes.Length;
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            _hasText = _hasText || (end < 0 ? bytes : bytes[..end]).ContainsAnyExcept(Blanks);
            if (end < 0)
            {
                return;
            }

            _ended += _hasText ? 1 : 0;
            _hasText = false;
            start += end + 1;
            _endedBytes = start;
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>The lines of a file of which no more than its beginning was read: as many as if the rest had lines as long.</summary>
    /// <param name="fileBytes">The file's size.</param>
    public long Estimate(long fileBytes) =>
        _bytes >= fileBytes ? Lines
        : _ended == 0 ? 1
        : (long)Math.Ceiling(_ended * ((double)fileBytes / _endedBytes));
}
