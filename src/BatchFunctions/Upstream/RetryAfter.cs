using System.Globalization;
using System.Net.Http.Headers;

namespace BatchFunctions.Upstream;

/// <summary>The wait that an answer asks for.</summary>
internal static class RetryAfter
{
    /// <summary>
    /// Reads <c>retry-after-ms</c> (Azure OpenAI and OpenAI send it), else <c>Retry-After</c> (RFC 9110, 10.2.3) in
    /// seconds, a fraction allowed, or as an HTTP date.
    /// </summary>
    /// <returns>The wait, or null where the answer asks for none that can be read or that lies ahead.</returns>
    public static TimeSpan? Read(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (Value(headers, "retry-after-ms") is { } milliseconds && Number(milliseconds) is { } count)
        {
            return Ahead(count / 1000);
        }

        if (Value(headers, "Retry-After") is not { } text)
        {
            return null;
        }

        if (Number(text) is { } seconds)
        {
            return Ahead(seconds);
        }

        return DateTimeOffset.TryParseExact(
            text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? Ahead((date - now).TotalSeconds)
            : null;
    }

    private static string? Value(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString().Trim() : null;

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static TimeSpan? Ahead(double seconds) =>
        seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(365).TotalSeconds)) : null;
}
