using BatchFunctions.Configuration;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Sees to it that sweeps come while this process has work: that they go on (<see cref="SweepWatch"/>), and that one comes at once when an
/// upstream is back, so that those who wait for it go on, and when it is away and nobody is left here who asks whether it is back.
/// </summary>
internal sealed class SweepGuard(SweepWatch watch, UpstreamRegistry upstreams, IOptions<BatchOptions> options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly int[] _returns = new int[upstreams.Upstreams.Count];
    private DateTimeOffset _awaitedAt;

    /// <summary>Asks for a sweep if one is awaited, or if it is time to look whether they go on.</summary>
    public Task LookAsync(CancellationToken ct) => IsAwaited() ? watch.AskNowAsync(ct) : watch.LookAsync(ct);

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
}
