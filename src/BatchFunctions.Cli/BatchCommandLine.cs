using System.CommandLine;
using BatchFunctions.Cli.Commands;
using BatchFunctions.SelfHost.Keys;
using BatchFunctions.SelfHost.Settings;

namespace BatchFunctions.Cli;

/// <summary>The command <c>batch</c>.</summary>
internal static class BatchCommandLine
{
    private const string Description = """
        Runs batches on any OpenAI-compatible service.

        Environment:
          OPENAI_BASE_URL  the service's address with its version, for instance http://127.0.0.1:7071/v1;
                           https://api.openai.com/v1 if it is not set
          OPENAI_API_KEY   the key; there is no option for it, since other users of the machine can see command lines


        """;

    /// <summary>Ctrl-C leaves a command this long to say how to go on.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="environment">What the commands take from around them.</param>
    /// <param name="output">Where output and errors go; null for the console.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments, CommandEnvironment environment, InvocationConfiguration? output = null)
    {
        var parsed = Create(environment).Parse(arguments);
        var invocation = output ?? new InvocationConfiguration();
        invocation.ProcessTerminationTimeout = EndLimit;
        // A mistake in this program must not look like one of the exit codes.
        invocation.EnableDefaultExceptionHandler = false;
        var code = await parsed.InvokeAsync(invocation);
        return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
    }

    private static RootCommand Create(CommandEnvironment environment) => new(Description + ExitCodes.Help)
    {
        RunCommand.Create(environment),
        WaitCommand.Create(environment),
        ListCommand.Create(environment),
        ShowCommand.Create(environment),
        ResultsCommand.Create(environment),
        CancelCommand.Create(environment),
        CreateKeys(),
    };

    /// <summary>The self-host's own commands: keys are made in the service's storage, and not by its API.</summary>
    private static Command CreateKeys()
    {
        var data = DataOption.Create();
        var keys = KeysCommand.Create(data, ExitCodes.Refused, makesData: false);
        keys.Description = "Creates, lists and revokes API keys of a BatchFunctions service, in its storage.";
        keys.Add(data);
        return keys;
    }
}
