using BatchFunctions.Configuration;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;

namespace BatchFunctions.Wakeups;

/// <summary>
/// A sweep under way: how much time each of its parts has, and, once it takes longer than most, its hold of the pending row
/// (<see cref="SweepHolds"/>), which is renewed until the sweep has done or its process has died.
/// </summary>
internal sealed class SweepTurn : IAsyncDisposable
{
    /// <summary>Into how many parts the time is divided after which a hold lapses: it is written after each.</summary>
    private const int Renewals = 8;

    /// <summary>How long a sweep is held at most: one that is stuck keeps no other away for ever.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>How long giving up a hold may take.</summary>
    private static readonly TimeSpan ReleaseLimit = TimeSpan.FromSeconds(5);

    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly CancellationTokenSource _done = new();
    private readonly BatchQueues _queues;
    private readonly ProtocolSteps _steps;
    private readonly TimeProvider _time;
    private readonly bool _isGuard;
    private readonly Task _holding;
    private volatile bool _mayHold;
    private volatile bool _isOvertaken;

    /// <summary>Begins.</summary>
    /// <param name="queues">Where the row is held.</param>
    /// <param name="steps">Is told of each hold.</param>
    /// <param name="options">The settings.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isGuard">Whether it is none of the chain, but one that sees to it that there is one.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public SweepTurn(BatchQueues queues, ProtocolSteps steps, BatchOptions options, TimeProvider time, bool isGuard, CancellationToken ct)
    {
        _queues = queues;
        _steps = steps;
        _time = time;
        _isGuard = isGuard;

        // Sooner than an ordinary sweep that is asked for in its place is due, so that it takes that one's row back.
        var (half, part) = (options.SweepInterval / 2, options.SweepLapse / Renewals);
        _holding = HoldAsync(part < half ? part : half, ct);
    }

    /// <summary>Whether it has taken longer than most, so that others may have counted on it who came too late for it.</summary>
    public bool WasLong => _mayHold;

    /// <summary>Whether another sweep was under way when this one had taken as long: what is left of it is that one's.</summary>
    public bool IsOvertaken => _isOvertaken;

    /// <summary>Who asks for the next sweep. To be used when it has ended.</summary>
    public SweepAsker Asker => new(_mayHold && !_isOvertaken ? _id : null, _isGuard || _isOvertaken);

    /// <summary>Gives a part of the sweep its time.</summary>
    /// <param name="limit">How long it may take.</param>
    /// <returns>Whether there is time for more; there is none when another sweep goes on in this one's place.</returns>
    public Func<bool> TimeFor(TimeSpan limit)
    {
        var began = _time.GetTimestamp();
        return () => !_isOvertaken && _time.GetElapsedTime(began) < limit;
    }

    /// <summary>Ends: the row is held as it is, and renewed no more.</summary>
    public async Task EndAsync()
    {
        await _done.CancelAsync();
        await _holding;
    }

    /// <summary>Gives up the hold of a sweep that is broken off, and whose message comes again; where that fails it lapses.</summary>
    public async Task ReleaseAsync()
    {
        await _done.CancelAsync();
        await _holding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_mayHold || _isOvertaken)
        {
            return;
        }

        using var limit = new CancellationTokenSource(ReleaseLimit, _time);
        try
        {
            await _queues.ReleaseSweepAsync(_id, limit.Token);
        }
        catch (Exception e) when (StorageFaults.IsStorages(e) || limit.IsCancellationRequested)
        {
            // What broke it off is told by whoever caught it.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync();
        await _holding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _done.Dispose();
    }

    private async Task HoldAsync(TimeSpan every, CancellationToken ct)
    {
        var began = _time.GetTimestamp();
        while (_time.GetElapsedTime(began) < Longest)
        {
            try
            {
                await Task.Delay(every, _time, _done.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            // A request on its way is waited for and not broken off: it could land when the next sweep has been asked for.
            _mayHold = true;
            try
            {
                if (!await _queues.TryHoldSweepAsync(_id, ct))
                {
                    _isOvertaken = true;
                    return;
                }

                await _steps.ReachedAsync(ProtocolStep.SweepHeld, ct);
            }
            catch (Exception e) when (StorageFaults.IsStorages(e) || ct.IsCancellationRequested)
            {
                // Tried again in a moment; if it lapses meanwhile another may be asked for.
            }
        }
    }
}

/// <summary>Who asks for a sweep; by default anybody, for whom one that is under way is enough, since another follows it.</summary>
/// <param name="Holder">The id of a sweep that holds the row, and is done; null for one that does not.</param>
/// <param name="IsGuard">
/// Whether a hold is not enough, since its holder may be dead: if it is not, it takes the row back before the message comes.
/// </param>
internal readonly record struct SweepAsker(string? Holder, bool IsGuard);
