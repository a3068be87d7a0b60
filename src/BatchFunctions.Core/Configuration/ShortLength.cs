using System.Globalization;

namespace BatchFunctions.Configuration;

/// <summary>A length of time as people write it: a number of minutes, hours or days, such as <c>30m</c>, <c>12h</c> or <c>90d</c>.</summary>
internal static class ShortLength
{
    /// <summary>The most characters of one: what is longer may be more than a length of time can be.</summary>
    private const int MostCharacters = 8;

    /// <summary>The length that a text means; null if it means none. How long and in which spelling is the caller's to say.</summary>
    public static TimeSpan? Parse(string text) =>
        text.Length is < 2 or > MostCharacters
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? null
            : text[^1] switch
            {
                'm' => TimeSpan.FromMinutes(count),
                'h' => TimeSpan.FromHours(count),
                'd' => TimeSpan.FromDays(count),
                _ => null,
            };
}
