using System.Globalization;
using System.Text.RegularExpressions;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Tables;

/// <summary>
/// Parses <c>$filter</c>: comparisons of a property with a constant, joined by <c>and</c>, <c>or</c>, <c>not</c> and parentheses
/// (https://learn.microsoft.com/rest/api/storageservices/querying-tables-and-entities).
/// </summary>
internal sealed partial class FilterParser
{
    /// <summary>The most comparisons of a filter.</summary>
    private const int MostComparisons = 15;

    private readonly List<string> _tokens;
    private int _next;
    private int _comparisons;

    private FilterParser(string text)
    {
        _tokens = [.. Token().Matches(text).Select(match => match.Value.Trim())];
        if (_tokens.Sum(token => token.Length) != text.Count(c => !char.IsWhiteSpace(c)) + _tokens.Sum(token => token.Count(char.IsWhiteSpace)))
        {
            throw Invalid(text);
        }
    }

    /// <exception cref="StorageException">It is no filter, or has too many comparisons.</exception>
    public static Filter Parse(string text)
    {
        var parser = new FilterParser(text);
        var filter = parser.ParseOr();
        return parser._next == parser._tokens.Count ? filter : throw Invalid(text);
    }

    private static StorageException Invalid(string what) =>
        StorageException.InvalidInput($"One of the request inputs is not valid: the filter at '{what}'.");

    private Filter ParseOr()
    {
        var left = ParseAnd();
        while (TryTake("or"))
        {
            left = new Filter.Or(left, ParseAnd());
        }

        return left;
    }

    private Filter ParseAnd()
    {
        var left = ParseOne();
        while (TryTake("and"))
        {
            left = new Filter.And(left, ParseOne());
        }

        return left;
    }

    private Filter ParseOne()
    {
        if (TryTake("not"))
        {
            return new Filter.Not(ParseOne());
        }

        if (TryTake("("))
        {
            var inner = ParseOr();
            return TryTake(")") ? inner : throw Invalid("the missing parenthesis");
        }

        var (property, comparison) = (Take(), Take());
        if (!Name().IsMatch(property) || comparison is not ("eq" or "ne" or "lt" or "le" or "gt" or "ge"))
        {
            throw Invalid($"{property} {comparison}");
        }

        return ++_comparisons <= MostComparisons
            ? new Filter.Comparison(property, comparison, Constant(Take()))
            : throw StorageException.InvalidInput($"A filter has more than {MostComparisons} comparisons.");
    }

    private static object Constant(string token)
    {
        var quote = token.IndexOf('\'', StringComparison.Ordinal);
        var text = quote < 0 ? token : token[(quote + 1)..^1].Replace("''", "'", StringComparison.Ordinal);
        try
        {
            return (quote < 0 ? null : token[..quote]) switch
            {
                "" => text,
                "datetime" => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUniversalTime(),
                "guid" => Guid.ParseExact(text, "D"),
                "X" or "binary" => Convert.FromHexString(text),
                null => Number(text),
                _ => throw Invalid(token),
            };
        }
        catch (FormatException)
        {
            throw Invalid(token);
        }
    }

    private static object Number(string text) => text switch
    {
        "true" => true,
        "false" => false,
        _ when text.EndsWith('L') => long.Parse(text.AsSpan()[..^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        _ when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    private bool TryTake(string token)
    {
        if (_next < _tokens.Count && _tokens[_next] == token)
        {
            _next++;
            return true;
        }

        return false;
    }

    private string Take() => _next < _tokens.Count ? _tokens[_next++] : throw Invalid("its end");

    /// <summary>A parenthesis, a constant in quotes with its type before it, or a run of anything else.</summary>
    [GeneratedRegex("[()]|(?:[A-Za-z]+)?'(?:[^']|'')*'|[^\\s()']+", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
