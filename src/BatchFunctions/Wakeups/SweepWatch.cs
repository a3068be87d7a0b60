using BatchFunctions.Configuration;
using BatchFunctions.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Wakeups;

/// <summary>
/// Sees to it that sweeps go on while this process works on a batch that has not ended, is asked about one, or sends events: the process that had the
/// sweep's message in hand may have died over it, and such a message comes back only minutes later. Where all processes died it is whoever
/// asks how the batch is getting on that starts the sweeps again.
/// </summary>
internal sealed partial class SweepWatch(BatchQueues queues, IOptions<BatchOptions> options, TimeProvider time, ILogger<SweepWatch> logger)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _lookedAt = time.GetUtcNow();

    /// <summary>
    /// Asks for a sweep if none is on its way. It looks now and then, for two requests to storage each time, and never sooner after the
    /// process's start: a storage that fails is looked at again later.
    /// </summary>
    public Task LookAsync(CancellationToken ct) => IsTime() ? TryAsync(queues.AskSweepIfLostAsync, ct) : Task.CompletedTask;

    /// <summary>Asks for a sweep at once: there is something for it to do.</summary>
    public Task AskNowAsync(CancellationToken ct) => TryAsync(queues.AskSweepNowAsync, ct);

    private async Task TryAsync(Func<CancellationToken, Task> ask, CancellationToken ct)
    {
        try
        {
            await ask(ct);
        }
        catch (Exception e) when (StorageFaults.IsStorages(e) || ct.IsCancellationRequested)
        {
            Log.NotAsked(logger, e);
        }
    }

    private bool IsTime()
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (now - _lookedAt < options.Value.SweepInterval + options.Value.WakeUpLost)
            {
                return false;
            }

            _lookedAt = now;
            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Storage did not say whether a sweep is under way; it is asked again later.")]
        public static partial void NotAsked(ILogger logger, Exception e);
    }
}
