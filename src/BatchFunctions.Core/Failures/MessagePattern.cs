using System.Text.RegularExpressions;

namespace BatchFunctions.Failures;

/// <summary>
/// What messages have in common that differ in numbers, ids and what they quote: <c>#</c> stands for a number or an id, <c>…</c>
/// for what is quoted.
/// </summary>
internal static partial class MessagePattern
{
    /// <summary>Characters of a message that are looked at.</summary>
    private const int Longest = 300;

    /// <summary>The pattern of a message.</summary>
    public static string Of(string message)
    {
        var text = message.Length <= Longest ? message : message[..(char.IsHighSurrogate(message[Longest - 1]) ? Longest - 1 : Longest)] + "…";
        text = Quoted().Replace(text, "${open}…${close}");
        text = Ids().Replace(text, "#");
        text = Numbers().Replace(text, "#");
        return Blanks().Replace(text, " ").Trim();
    }

    /// <summary>Something in quotes; an apostrophe within a word is none.</summary>
    [GeneratedRegex("""(?<![\p{L}\p{N}])(?<open>['"`‘“])[^'"`’”]+(?<close>['"`’”])(?![\p{L}\p{N}])""")]
    private static partial Regex Quoted();

    /// <summary>A word of eight characters or more that has a digit: an id, a digest, a time, the name of a version.</summary>
    [GeneratedRegex(@"(?<![\w-])(?=[A-Za-z_-]*\d)[\w-]{8,}(?:[:.]\d[\w-]*)*(?![\w-])")]
    private static partial Regex Ids();

    [GeneratedRegex(@"\d+(?:[.,:]\d+)*")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
