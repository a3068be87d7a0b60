namespace BatchFunctions.SelfHost.Commands;

/// <summary>Words of others on a terminal.</summary>
internal static class TerminalText
{
    /// <summary>As one line, which must not steer the terminal.</summary>
    public static string OneLine(string text) => string.Concat(text.Select(static character => char.IsControl(character) ? ' ' : character));
}
