using BatchFunctions.Configuration;
using BatchFunctions.Storage;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Sees to it that sweeps go on while this process has work: the one who handled the sweep's message may have died over it, and
/// such a message comes back only minutes later. Asks now and then, for two requests to storage each time. Asks for one at once when an
/// upstream is back, so that those who wait for it go on, and when it is away and nobody is left here who asks whether it is back.
/// </summary>
internal sealed partial class SweepGuard(
    BatchQueues queues, UpstreamRegistry upstreams, IOptions<BatchOptions> options, TimeProvider time, ILogger<SweepGuard> logger)
{
    private readonly Lock _lock = new();
    private readonly int[] _returns = new int[upstreams.Upstreams.Count];
    private DateTimeOffset _lookedAt = time.GetUtcNow();
    private DateTimeOffset _awaitedAt;

    /// <summary>Asks for a sweep if it is time to, which does nothing where one is under way.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        try
        {
            if (IsAwaited())
            {
                await queues.AskSweepNowAsync(ct);
            }
            else if (IsTime())
            {
                await queues.AskSweepAsync(delay: null, ct);
            }
        }
        catch (Exception e) when (StorageFaults.IsFault(e) || ct.IsCancellationRequested)
        {
            Log.NotAsked(logger, e);
        }
    }

    /// <summary>
    /// Whether those who wait for an upstream have something to do, to go on or to ask: once in a sweep's interval, however often an
    /// upstream comes and goes.
    /// </summary>
    private bool IsAwaited()
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (now - _awaitedAt < options.Value.SweepInterval)
            {
                return false;
            }

            var isAwaited = false;
            foreach (var upstream in upstreams.Upstreams)
            {
                var returns = upstream.Gate.Returns;
                isAwaited |= returns != _returns[upstream.Index] || upstream.Gate.IsForsaken;
                _returns[upstream.Index] = returns;
            }

            _awaitedAt = isAwaited ? now : _awaitedAt;
            return isAwaited;
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
