using BatchFunctions.Configuration;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Sees to it that sweeps go on while this process has work: the one who handled the sweep's message may have died over it, and
/// such a message comes back only minutes later. Asks now and then, for two requests to storage each time.
/// </summary>
internal sealed partial class SweepGuard(BatchQueues queues, IOptions<BatchOptions> options, TimeProvider time, ILogger<SweepGuard> logger)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _lookedAt = time.GetUtcNow();

    /// <summary>Asks for a sweep if it is time to, which does nothing where one is under way.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (now - _lookedAt < options.Value.SweepInterval + options.Value.WakeUpLost)
            {
                return;
            }

            _lookedAt = now;
        }

        try
        {
            await queues.AskSweepAsync(delay: null, ct);
        }
        catch (Exception e) when (StorageFaults.IsFault(e))
        {
            Log.NotAsked(logger, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Storage did not say whether a sweep is under way; it is asked again later.")]
        public static partial void NotAsked(ILogger logger, Exception e);
    }
}
