using BatchFunctions.Configuration;

namespace BatchFunctions.Keys;

/// <summary>How long a key lives, as an operator writes it: minutes, hours or days, such as <c>90d</c>.</summary>
public static class KeyLife
{
    /// <summary>The longest life of a key that expires: ten years.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>What a text must look like, for messages.</summary>
    public const string Form = "a number of minutes, hours or days from 1m to 3650d, such as 90d";

    /// <summary>The life that a text means; null if it means none.</summary>
    /// <param name="text">The text.</param>
    public static TimeSpan? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var life = ShortLength.Parse(text);
        return life > TimeSpan.Zero && life <= Longest ? life : null;
    }
}
