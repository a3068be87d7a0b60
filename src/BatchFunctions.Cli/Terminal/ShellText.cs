namespace BatchFunctions.Cli.Terminal;

/// <summary>Texts for commands that a person copies into a shell.</summary>
internal static class ShellText
{
    /// <summary>An argument, in quotes where it needs them.</summary>
    public static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(character => char.IsLetterOrDigit(character) || character is '-' or '_' or '.' or '/' or '\\' or ':' or '=')
            ? argument
            : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
