using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace BatchFunctions.Http;

/// <summary>
/// Reads the query of a list, as strictly as OpenAI does: an invalid value is refused, never guessed at.
/// </summary>
internal static class ApiQuery
{
    /// <summary>What clients of Azure OpenAI send with every request; it says nothing here, and is ignored everywhere.</summary>
    private const string ApiVersion = "api-version";

    /// <summary>The first parameter that an operation does not know; null if it knows all.</summary>
    /// <param name="query">The parameters of the request.</param>
    /// <param name="isKnown">Whether the operation knows one by its name.</param>
    public static string? Unknown(IQueryCollection query, Func<string, bool> isKnown) =>
        query.Keys.FirstOrDefault(name => name != ApiVersion && !isKnown(name));

    /// <summary>The parameters of a request; ASP.NET's own take names for one that differ in their case alone.</summary>
    public static IQueryCollection CaseSensitive(HttpRequest request)
    {
        var values = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            var name = pair.DecodeName().ToString();
            values[name] = StringValues.Concat(values.GetValueOrDefault(name), pair.DecodeValue().ToString());
        }

        return new QueryCollection(values);
    }

    /// <summary>A whole number from 1 to <paramref name="max"/>; <paramref name="fallback"/> if it is absent.</summary>
    public static int Limit(IQueryCollection query, int fallback, int max) => (int)(Number(query, "limit", 1, max) ?? fallback);

    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>; null if it is absent.</summary>
    public static long? Number(IQueryCollection query, string name, long min, long max)
    {
        var values = query[name];
        if (values.Count == 0)
        {
            return null;
        }

        if (values.Count > 1)
        {
            throw new ApiException(ApiError.WrongType(name, "an integer", "an array"));
        }

        var text = values[0] ?? "";
        var digits = text.StartsWith('-') ? text.AsSpan(1) : text;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
        {
            throw new ApiException(ApiError.WrongType(name, "an integer", "a string"));
        }

        // A number that does not fit into a long is out of bounds like any other.
        var known = long.TryParse(text, CultureInfo.InvariantCulture, out var value);
        if (text[0] == '-' || (known && value < min))
        {
            throw new ApiException(ApiError.BelowMin(name, ApiError.Shown(text), min));
        }

        return known && value <= max
            ? value
            : throw new ApiException(ApiError.AboveMax(name, ApiError.Shown(text), max));
    }

    /// <summary>The only value of a parameter; null if it is absent.</summary>
    public static string? Single(IQueryCollection query, string name)
    {
        var values = query[name];
        return values.Count <= 1
            ? values.Count == 0 ? null : values[0] ?? ""
            : throw new ApiException(ApiError.WrongType(name, "a string", "an array"));
    }
}
