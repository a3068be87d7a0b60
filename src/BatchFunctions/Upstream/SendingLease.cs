namespace BatchFunctions.Upstream;

/// <summary>
/// Until when the holder of a claim may send: its lease, by its own clock. A process that was suspended wakes with a lease that has run
/// out, and another may have sent its lines meanwhile: it sends nothing before it has renewed the claim. To stop short of a call costs
/// nothing; to make it twice is paid for twice.
/// </summary>
/// <param name="until">When the lease runs out.</param>
/// <param name="time">The clock.</param>
internal sealed class SendingLease(DateTimeOffset until, TimeProvider time)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _until = until;
    private TaskCompletionSource _renewed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it has not run out.</summary>
    public bool IsHeld
    {
        get
        {
            lock (_lock)
            {
                return time.GetUtcNow() < _until;
            }
        }
    }

    /// <summary>The claim stands for longer.</summary>
    /// <param name="until">When the lease runs out now.</param>
    public void Renew(DateTimeOffset until)
    {
        lock (_lock)
        {
            _until = until;
            _renewed.TrySetResult();
            _renewed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Waits until it is renewed, unless it is held.</summary>
    /// <param name="ct">Ends the wait, as the end of the run does.</param>
    public async Task WhenHeldAsync(CancellationToken ct)
    {
        while (true)
        {
            Task renewed;
            lock (_lock)
            {
                if (IsHeld)
                {
                    return;
                }

                renewed = _renewed.Task;
            }

            await renewed.WaitAsync(ct);
        }
    }
}
