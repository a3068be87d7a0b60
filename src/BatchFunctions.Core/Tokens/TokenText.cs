using System.Globalization;
using Microsoft.ML.Tokenizers;

namespace BatchFunctions.Tokens;

/// <summary>
/// Counts the tokens of a text that comes in pieces of any size, and holds no more than a few of its pages. The text is counted
/// page by page; a page ends where two tokens surely part, so that the count is that of the whole text. Only where a text has no such
/// place on a whole page, or a run of letters, signs or blanks is longer than any word, is it cut elsewhere, and each such cut may
/// add a token: the time that an encoding takes grows with the square of such a run. Not thread-safe.
/// </summary>
/// <param name="encoding">The encoding.</param>
internal sealed class TokenText(TokenEncoding encoding)
{
    /// <summary>The characters of a page.</summary>
    private const int PageCharacters = 16 * 1024;

    /// <summary>The longest run that is counted in one.</summary>
    private const int LongestRun = 512;

    private readonly Tokenizer _table = encoding.Open();
    private readonly char[] _page = new char[PageCharacters];
    private int _filled;
    private long _tokens;

    /// <summary>Takes the next piece of the text.</summary>
    public void Append(ReadOnlySpan<char> piece)
    {
        while (piece.Length > 0)
        {
            var taken = Math.Min(piece.Length, PageCharacters - _filled);
            piece[..taken].CopyTo(_page.AsSpan(_filled));
            _filled += taken;
            piece = piece[taken..];
            if (_filled == PageCharacters)
            {
                var end = EndOf(_page);
                Count(_page.AsSpan(0, end));
                _page.AsSpan(end).CopyTo(_page);
                _filled -= end;
            }
        }
    }

    /// <summary>Ends the text.</summary>
    /// <returns>Its tokens. What comes next is another text.</returns>
    public long End()
    {
        Count(_page.AsSpan(0, _filled));
        var tokens = _tokens;
        _tokens = 0;
        _filled = 0;
        return tokens;
    }

    /// <summary>
    /// Where a full page is cut: before a blank behind something else, as late as there is one. No encoding has a token that goes on over
    /// a blank, so both sides have the tokens that they have in the whole.
    /// </summary>
    private static int EndOf(ReadOnlySpan<char> page)
    {
        for (var end = page.Length - 1; end > 0; end--)
        {
            if (page[end] == ' ' && !char.IsWhiteSpace(page[end - 1]))
            {
                return end;
            }
        }

        return char.IsHighSurrogate(page[^1]) ? page.Length - 1 : page.Length;
    }

    private void Count(ReadOnlySpan<char> text)
    {
        while (text.Length > 0)
        {
            var end = EndOfLongRun(text);
            _tokens += _table.CountTokens(text[..end]);
            text = text[end..];
        }
    }

    /// <summary>Where the first run that is too long is cut; the end of the text where there is none.</summary>
    private static int EndOfLongRun(ReadOnlySpan<char> text)
    {
        var run = 0;
        var last = Kind.None;
        for (var at = 0; at < text.Length; at++)
        {
            var kind = KindOf(text[at]);
            run = kind == last ? run + 1 : 1;
            last = kind;
            if (run >= LongestRun && !char.IsHighSurrogate(text[at]))
            {
                return at + 1;
            }
        }

        return text.Length;
    }

    private static Kind KindOf(char character) => char.IsLetter(character) ? Kind.Letter
        : char.IsWhiteSpace(character) ? Kind.Blank
        : char.IsAsciiDigit(character) ? Kind.Digit
        : CharUnicodeInfo.GetUnicodeCategory(character) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark ? Kind.Letter
        : Kind.Sign;

    private enum Kind
    {
        None,
        Letter,
        Digit,
        Blank,
        Sign,
    }
}
