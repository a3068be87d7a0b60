using System.CommandLine;

namespace BatchFunctions.Cli.Terminal;

/// <summary>Chooses how progress is shown.</summary>
internal static class ProgressDisplays
{
    /// <summary>Shows progress on standard error while the work runs: a bar in a terminal, lines elsewhere.</summary>
    public static Task<T> AroundAsync<T>(
        ParseResult parsed, bool quiet, TimeProvider time, Func<IProgressDisplay, Task<T>> work)
    {
        if (quiet)
        {
            return work(new Nothing());
        }

        var console = Screens.Error(parsed);
        return console.Profile.Capabilities is { Interactive: true, Ansi: true }
            ? ProgressBarLine.AroundAsync(console, work)
            : work(new ProgressLines(parsed.InvocationConfiguration.Error, time));
    }

    private sealed class Nothing : IProgressDisplay
    {
        public void Show(ProgressNote note)
        {
        }
    }
}
