using System.Globalization;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace BatchFunctions.Upstream;

/// <summary>The wait that an answer asks for.</summary>
internal static partial class RetryAfter
{
    /// <summary>What may be limited, as OpenAI's headers name it, and whoever took them over.</summary>
    private static readonly (string Remaining, string Reset)[] Limited =
    [
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
        ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ];

    /// <summary>
    /// Reads <c>retry-after-ms</c> (Azure OpenAI and OpenAI send it), else <c>Retry-After</c> (RFC 9110, 10.2.3) in
    /// seconds, a fraction allowed, or as an HTTP date, else the reset of the limit that is used up:
    /// <c>x-ratelimit-remaining-requests: 0</c> and <c>x-ratelimit-reset-requests: 1m30s</c>, and the same for tokens.
    /// </summary>
    /// <returns>The wait, or null where the answer asks for none that can be read or that lies ahead.</returns>
    public static TimeSpan? Read(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (Value(headers, "retry-after-ms") is { } milliseconds && Number(milliseconds) is { } count)
        {
            return Ahead(count / 1000);
        }

        if (Value(headers, "Retry-After") is { } after)
        {
            return Number(after) is { } seconds ? Ahead(seconds) : Until(after, now);
        }

        TimeSpan? longest = null;
        foreach (var (remaining, reset) in Limited)
        {
            if (Value(headers, remaining) == "0" && Value(headers, reset) is { } text && Reset(text, now) is { } wait && !(wait <= longest))
            {
                longest = wait;
            }
        }

        return longest;
    }

    /// <summary>A reset as seconds, as a duration in Go's form (<c>1m30.5s</c>, <c>17ms</c>), or as a date of RFC 3339.</summary>
    private static TimeSpan? Reset(string text, DateTimeOffset now)
    {
        if (Number(text) is { } seconds)
        {
            return Ahead(seconds);
        }

        if (!Duration().IsMatch(text))
        {
            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
                ? Ahead((date - now).TotalSeconds)
                : null;
        }

        return Ahead(DurationPart().Matches(text).Sum(part =>
            double.Parse(part.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * part.Groups[2].Value switch
            {
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                _ => 0.001,
            }));
    }

    private static TimeSpan? Until(string text, DateTimeOffset now) => DateTimeOffset.TryParseExact(
        text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
        ? Ahead((date - now).TotalSeconds)
        : null;

    private static string? Value(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString().Trim() : null;

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static TimeSpan? Ahead(double seconds) =>
        seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(365).TotalSeconds)) : null;

    [GeneratedRegex("^([0-9]+(\\.[0-9]+)?(h|ms|m|s))+$", RegexOptions.ExplicitCapture)]
    private static partial Regex Duration();

    [GeneratedRegex("([0-9]+(?:\\.[0-9]+)?)(h|ms|m|s)")]
    private static partial Regex DurationPart();
}
