namespace BatchFunctions.Cli.Terminal;

/// <summary>Text for commands that a user copies into a shell.</summary>
internal static class ShellText
{
    /// <summary>An argument, quoted if necessary.</summary>
    public static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(character => char.IsLetterOrDigit(character) || character is '-' or '_' or '.' or '/' or '\\' or ':' or '=')
            ? argument
            : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
