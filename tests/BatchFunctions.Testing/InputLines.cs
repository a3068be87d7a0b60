using System.Text;

namespace BatchFunctions.Testing;

/// <summary>Lines of a batch's input, whose calls a <see cref="ScriptedUpstream"/> tells apart by their markers.</summary>
public static class InputLines
{
    /// <summary>The endpoint of all of them.</summary>
    public const string Endpoint = "/v1/chat/completions";

    /// <summary>A chat completion.</summary>
    /// <param name="customId">The line's <c>custom_id</c>.</param>
    /// <param name="marker">The marker of its calls.</param>
    /// <returns>The line with its line break.</returns>
    public static string Chat(string customId, string marker) =>
        $$"""{"custom_id":"{{customId}}","method":"POST","url":"{{Endpoint}}","body":{{Encoding.UTF8.GetString(ScriptedUpstream.ChatBody(marker))}}}""" + "\n";

    /// <summary>Chat completions whose ids are <c>line-0</c>, <c>line-1</c> and so on.</summary>
    /// <param name="count">How many.</param>
    /// <param name="markerOf">The marker of each, by its number.</param>
    public static string Chats(int count, Func<int, string> markerOf)
    {
        ArgumentNullException.ThrowIfNull(markerOf);
        return string.Concat(Enumerable.Range(0, count).Select(line => Chat($"line-{line}", markerOf(line))));
    }
}
