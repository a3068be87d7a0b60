using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace BatchFunctions.SelfHost.Commands;

/// <summary>Runs command lines, those that are wrong too.</summary>
internal static class CommandLines
{
    /// <summary>
    /// Runs a command. What is wrong with a command line is told on standard error alone, since standard output may be the file
    /// that is to hold results, or the variable that is to hold a key. The help is named there and not printed, except where a
    /// command is missing: then it is the list of them.
    /// </summary>
    /// <param name="parsed">The parsed command line.</param>
    /// <param name="invocation">Receives output and errors.</param>
    /// <param name="ct">Ends the command.</param>
    /// <returns>The command's exit code; 1 for a command line that is wrong.</returns>
    public static async Task<int> RunAsync(this ParseResult parsed, InvocationConfiguration invocation, CancellationToken ct = default)
    {
        if (parsed.Action is not ParseErrorAction wrong)
        {
            return await parsed.InvokeAsync(invocation, ct);
        }

        var isMissing = parsed.UnmatchedTokens.Count == 0 && parsed.CommandResult.Command.Subcommands.Count > 0;
        wrong.ShowHelp = isMissing;
        invocation.Output = invocation.Error;
        var code = await parsed.InvokeAsync(invocation, ct);
        if (!isMissing)
        {
            await invocation.Error.WriteLineAsync($"`{NameOf(parsed.CommandResult)} --help` shows how it is used.");
        }

        return code;
    }

    private static string NameOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{NameOf(parent)} {command.Command.Name}" : command.Command.Name;
}
