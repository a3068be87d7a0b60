using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.SelfHost.Commands;

namespace BatchFunctions.Cli.Commands;

/// <summary>Wraps each command: a failure becomes one line on standard error and an exit code.</summary>
internal static class CommandGuard
{
    /// <summary>Sets the command's action, guarded.</summary>
    public static void Runs(this Command command, Func<ParseResult, CancellationToken, Task<int>> act) =>
        command.SetAction(async (parsed, ct) =>
        {
            try
            {
                return await act(parsed, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return ExitCodes.Interrupted;
            }
            catch (Exception e) when (ExitCodeOf(e) is { } code)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync(TerminalText.OneLine(e.Message));
                return code;
            }
        });

    private static int? ExitCodeOf(Exception e) => e switch
    {
        FailureException failure => failure.ExitCode,
        ApiException => ExitCodes.Refused,
        IOException or UnauthorizedAccessException => ExitCodes.LocalFile,
        _ => null,
    };
}
