using System.CommandLine;
using Spectre.Console;

namespace BatchFunctions.Cli.Terminal;

/// <summary>A command's consoles: colours and live displays in a terminal, plain text elsewhere.</summary>
internal static class Screens
{
    /// <summary>The width without a terminal: so large that no table is wrapped.</summary>
    private const int Unfolded = 1000;

    /// <summary>Standard output.</summary>
    public static IAnsiConsole Output(ParseResult parsed) => Of(parsed.InvocationConfiguration.Output);

    /// <summary>Standard error: progress, and messages that accompany the results.</summary>
    public static IAnsiConsole Error(ParseResult parsed) => Of(parsed.InvocationConfiguration.Error);

    private static IAnsiConsole Of(TextWriter writer)
    {
        var output = new AnsiConsoleOutput(writer);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = output,
            Ansi = output.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            Interactive = output.IsTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!output.IsTerminal)
        {
            console.Profile.Width = Unfolded;
        }

        return console;
    }
}
