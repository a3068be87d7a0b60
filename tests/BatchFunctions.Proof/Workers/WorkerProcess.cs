using BatchFunctions.Testing;

namespace BatchFunctions.Proof.Workers;

/// <summary>A worker as its proof sees it.</summary>
internal static class WorkerProcess
{
    /// <summary>Starts a worker.</summary>
    /// <param name="settings">Settings, storage and upstream included.</param>
    /// <param name="fatal">The step that kills it; null for a plain worker.</param>
    public static ChildProcess Start(IReadOnlyDictionary<string, string?> settings, string? fatal = null) =>
        ChildProcess.Start(
            typeof(Worker).Assembly.Location,
            fatal is null ? [Worker.Command] : [Worker.Command, fatal],
            settings,
            Worker.ReadyPrefix);
}
