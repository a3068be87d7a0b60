using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Figures;

/// <summary>How a worker ends.</summary>
internal enum WorkerEnd
{
    /// <summary>Killed, and another is started.</summary>
    KilledAndRestarted,

    /// <summary>Killed beside another that lives on.</summary>
    KilledBesideAnother,

    /// <summary>Frozen beside another, which is how one that died on another machine looks.</summary>
    FrozenBesideAnother,

    /// <summary>Shut down beside another.</summary>
    ShutDownBesideAnother,
}

/// <summary>Ends workers.</summary>
internal static class WorkerEnds
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Each of them, with the name of its case.</summary>
    public static IReadOnlyList<(WorkerEnd End, string Name)> All { get; } =
    [
        (WorkerEnd.KilledAndRestarted, "restart"),
        (WorkerEnd.KilledBesideAnother, "beside"),
        (WorkerEnd.FrozenBesideAnother, "elsewhere"),
        (WorkerEnd.ShutDownBesideAnother, "shutdown"),
    ];

    /// <summary>Ends it; one that is shut down has ended then.</summary>
    public static async Task EndAsync(this ChildProcess worker, WorkerEnd end)
    {
        switch (end)
        {
            case WorkerEnd.ShutDownBesideAnother:
                await worker.TerminateAsync();
                await worker.EndsWithinAsync(Patience);
                break;
            case WorkerEnd.FrozenBesideAnother:
                await worker.FreezeAsync();
                break;
            default:
                await worker.KillAsync();
                break;
        }
    }
}
