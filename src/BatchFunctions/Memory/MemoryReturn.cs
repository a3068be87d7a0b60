using Microsoft.Extensions.Hosting;

namespace BatchFunctions.Memory;

/// <summary>
/// Gives memory back to the machine after a peak: a process that nothing allocates in is never collected, and would keep what its
/// largest answers took until the next batch.
/// </summary>
internal sealed class MemoryReturn(ByteBudget budget, TimeProvider time) : IHostedService, IDisposable
{
    /// <summary>How long nothing must be held, at least, before memory is given back.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    /// <summary>A peak of fewer bytes is kept for the next batch.</summary>
    private const long WorthIt = 32L * 1024 * 1024;

    private ITimer? _timer;
    private long _peak;
    private bool _isAtRest;

    /// <summary>How often memory has been given back.</summary>
    public int Returns { get; private set; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => Look(), null, Rest, Rest);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        _peak = Math.Max(_peak, budget.TakePeak());
        if (budget.Used > 0)
        {
            _isAtRest = false;
            return;
        }

        if (_isAtRest && _peak >= WorthIt)
        {
            _peak = 0;
            Returns++;
            BlockPool.Trim();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        _isAtRest = true;
    }
}
