using System.Text;
using System.Text.Json;
using BatchFunctions.Tokens;

namespace BatchFunctions.Checks;

/// <summary>
/// Counts the tokens of JSON strings as they are spelled, piece by piece, so that no long one is held a second time. Not thread-safe.
/// </summary>
/// <param name="encoding">The encoding.</param>
internal sealed class JsonText(TokenEncoding encoding)
{
    private const int PieceBytes = 8 * 1024;
    private const byte Backslash = (byte)'\\';
    private const byte Quote = (byte)'"';

    /// <summary>Bytes of an escaped character in hexadecimal digits, <c>\uXXXX</c>, and of one of two characters.</summary>
    private const int HexEscape = 6;
    private const int ShortEscape = 2;

    private readonly TokenText _text = new(encoding);
    private readonly char[] _characters = new char[PieceBytes];
    private readonly byte[] _quoted = new byte[PieceBytes + 2];

    /// <summary>The tokens of a string.</summary>
    /// <param name="spelled">The string as it is spelled, without its quotes: valid JSON in valid UTF-8.</param>
    /// <param name="isEscaped">Whether it has escapes.</param>
    public long Count(ReadOnlySpan<byte> spelled, bool isEscaped)
    {
        while (spelled.Length > 0)
        {
            var end = Fitting(spelled, isEscaped, PieceBytes);
            var written = isEscaped && spelled[..end].Contains(Backslash)
                ? Unescape(spelled[..end])
                : Encoding.UTF8.GetChars(spelled[..end], _characters);
            _text.Append(_characters.AsSpan(0, written));
            spelled = spelled[end..];
        }

        return _text.End();
    }

    /// <summary>How much of a string is no more than some bytes, and ends with a whole character.</summary>
    public static int Fitting(ReadOnlySpan<byte> spelled, bool isEscaped, int most)
    {
        if (spelled.Length <= most)
        {
            return spelled.Length;
        }

        return isEscaped ? FittingEscaped(spelled, most) : StartOfCharacter(spelled, most);
    }

    private static int FittingEscaped(ReadOnlySpan<byte> spelled, int most)
    {
        var at = 0;
        while (true)
        {
            var plain = spelled[at..].IndexOf(Backslash);
            if (plain < 0 || at + plain >= most)
            {
                return StartOfCharacter(spelled, most);
            }

            at += plain;
            var length = LengthOfEscape(spelled[at..]);
            if (at + length > most)
            {
                return at;
            }

            at += length;
        }
    }

    /// <summary>The bytes of an escaped character: of a pair of surrogates both, which must not be parted.</summary>
    private static int LengthOfEscape(ReadOnlySpan<byte> escape) => escape[1] != 'u' ? ShortEscape
        : (escape[2] | 0x20) == 'd' && (escape[3] | 0x20) is '8' or '9' or 'a' or 'b' ? 2 * HexEscape
        : HexEscape;

    private static int StartOfCharacter(ReadOnlySpan<byte> text, int at)
    {
        while ((text[at] & 0xC0) == 0x80)
        {
            at--;
        }

        return at;
    }

    private int Unescape(ReadOnlySpan<byte> spelled)
    {
        _quoted[0] = Quote;
        spelled.CopyTo(_quoted.AsSpan(1));
        _quoted[spelled.Length + 1] = Quote;
        var reader = new Utf8JsonReader(_quoted.AsSpan(0, spelled.Length + 2));
        reader.Read();
        return reader.CopyString(_characters);
    }
}
