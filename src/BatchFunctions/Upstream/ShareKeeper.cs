using BatchFunctions.Fleet;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Upstream;

/// <summary>
/// Keeps this process's share of the upstream while there is something to send: asks for it at the first line, renews it well before it
/// would lapse, and gives it up when there has been nothing to do for a while. At rest it does nothing.
/// </summary>
/// <param name="fleet">The share among all processes.</param>
/// <param name="demand">What there is to send.</param>
/// <param name="granted">Is told what may be sent.</param>
/// <param name="giveUp">
/// Ends the use of the share, unless something is on its way or waits: before it is given up, so that no line goes out under what another
/// may have by then. Like <paramref name="demand"/> it takes its owner's lock, under which <see cref="Wake"/> is called: neither is
/// called under the one of this.
/// </param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told when storage does not answer.</param>
internal sealed partial class ShareKeeper(
    FleetShare fleet,
    Func<ShareDemand> demand,
    Action<ShareGrant, long> granted,
    Func<bool> giveUp,
    TimeProvider time,
    ILogger logger) : IAsyncDisposable
{
    /// <summary>How often a share is renewed.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    /// <summary>How often it is renewed while nobody gets through.</summary>
    private static readonly TimeSpan AwayInterval = TimeSpan.FromSeconds(6);

    /// <summary>How often it is asked for while it is less than the process's part, or storage does not answer.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>How soon a renewal may follow another, however much there is to send.</summary>
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a share is kept without anything to send.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _keeping = Task.CompletedTask;
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isKeeping;
    private bool _isAway;

    /// <summary>There is something to send that the share does not cover.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            _woken.TrySetResult();
            if (!_isKeeping && !_stop.IsCancellationRequested)
            {
                Begin();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task keeping;
        lock (_lock)
        {
            keeping = _keeping;
        }

        await _stop.CancelAsync();
        await keeping;
        _stop.Dispose();
    }

    /// <summary>Whatever ends it, the next line to be sent begins it anew.</summary>
    private async Task KeepAsync()
    {
        try
        {
            await KeepWhileWantedAsync();
        }
        finally
        {
            Ended();
        }
    }

    private async Task KeepWhileWantedAsync()
    {
        var (holds, isGivenUp) = (false, false);
        while (!_stop.IsCancellationRequested)
        {
            Rearm();
            var asked = time.GetTimestamp();
            if (demand() is { IsNothing: false } wanted)
            {
                var grant = await RenewAsync(wanted, asked);
                holds |= grant is not null;
                await WaitAsync(Soonest, wakes: false);
                await WaitAsync((grant is not { IsShort: false } ? Soon : wanted.IsAway ? AwayInterval : Interval) - Soonest, wakes: true);
                continue;
            }

            await WaitAsync(Linger, wakes: true);
            if (giveUp())
            {
                isGivenUp = true;
                break;
            }
        }

        if (holds && (isGivenUp || giveUp()))
        {
            await ReleaseAsync();
        }
    }

    private async Task<ShareGrant?> RenewAsync(ShareDemand wanted, long asked)
    {
        try
        {
            var grant = await fleet.RenewAsync(wanted, _stop.Token);
            granted(grant, asked);
            _isAway = false;
            return grant;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Once, and not with each try: storage that is away is for long.
            if (!_isAway && !_stop.IsCancellationRequested)
            {
                Log.NotRenewed(logger, e);
            }

            _isAway = true;
            return null;
        }
    }

    private async Task ReleaseAsync()
    {
        using var limit = new CancellationTokenSource(Interval, time);
        try
        {
            await fleet.ReleaseAsync(limit.Token);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It lapses by itself, whatever is the matter with storage: that it refuses, too.
            Log.NotReleased(logger, e);
        }
    }

    private void Rearm()
    {
        lock (_lock)
        {
            if (_woken.Task.IsCompleted)
            {
                _woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    private void Begin()
    {
        _isKeeping = true;
        _keeping = Task.Run(KeepAsync);
    }

    /// <summary>For those who have come meanwhile it begins anew.</summary>
    private void Ended()
    {
        lock (_lock)
        {
            _isKeeping = false;
            if (_woken.Task.IsCompleted && !_stop.IsCancellationRequested)
            {
                Begin();
            }
        }
    }

    private async Task WaitAsync(TimeSpan wait, bool wakes)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var delay = Task.Delay(wait, time, waiting.Token);
        await Task.WhenAny(wakes ? [delay, _woken.Task] : [delay]);
        await waiting.CancelAsync();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The process's share of the upstream could not be renewed; it is tried again, and nothing more is sent when the share lapses.")]
        public static partial void NotRenewed(ILogger logger, Exception e);

        [LoggerMessage(LogLevel.Information, "The process's share of the upstream could not be given up; it lapses by itself.")]
        public static partial void NotReleased(ILogger logger, Exception e);
    }
}
