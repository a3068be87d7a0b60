using System.CommandLine;
using BatchFunctions.Cli.Commands;
using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Commands;
using BatchFunctions.SelfHost.Keys;
using BatchFunctions.SelfHost.Projects;
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

    /// <summary>How long a command may take after Ctrl-C, to print how to go on.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="environment">What the commands use of their surroundings.</param>
    /// <param name="output">Receives output and errors; null for the console.</param>
    /// <param name="ct">Ends the command, as Ctrl-C does.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(
        string[] arguments, CommandEnvironment environment, InvocationConfiguration? output = null, CancellationToken ct = default)
    {
        var parsed = Create(environment).Parse(arguments);
        var invocation = output ?? new InvocationConfiguration();
        invocation.ProcessTerminationTimeout = EndLimit;
        // An error in this program must not look like one of the exit codes.
        invocation.EnableDefaultExceptionHandler = false;
        var code = await parsed.RunAsync(invocation, ct);
        return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
    }

    private static RootCommand Create(CommandEnvironment environment) => new(Description + ExitCodes.Help)
    {
        CheckCommand.Create(environment),
        RunCommand.Create(environment),
        WaitCommand.Create(environment),
        ListCommand.Create(environment),
        ShowCommand.Create(environment),
        ResultsCommand.Create(environment),
        RetryCommand.Create(environment),
        ErrorsCommand.Create(environment),
        CancelCommand.Create(environment),
        DeleteCommand.Create(environment),
        LimitsCommand.Create(environment),
        UsageCommand.Create(environment),
        WebhooksCommand.Create(environment),
        CreateKeys(),
        CreateProjects(),
    };

    /// <summary>
    /// The keys commands, shared with the self-host: keys are created in the service's storage, not by its API.
    /// </summary>
    private static Command CreateKeys()
    {
        var data = DataOption.Create();
        var keys = KeysCommand.Create(data, CodeOf, makesData: false);
        keys.Description = "Creates, lists and revokes API keys of a BatchFunctions service, in its storage.";
        keys.Add(data);
        return keys;
    }

    /// <summary>The projects commands, which are shared likewise.</summary>
    private static Command CreateProjects()
    {
        var data = DataOption.Create();
        var projects = ProjectsCommand.Create(data, CodeOf, makesData: false);
        projects.Description = "Lists and sets what projects of a BatchFunctions service may have, in its storage, and erases them.";
        projects.Add(data);
        return projects;
    }

    private static int CodeOf(FailureKind kind) => kind switch
    {
        FailureKind.Usage => ExitCodes.Usage,
        FailureKind.LocalFile => ExitCodes.LocalFile,
        FailureKind.Interrupted => ExitCodes.Interrupted,
        _ => ExitCodes.Refused,
    };
}
