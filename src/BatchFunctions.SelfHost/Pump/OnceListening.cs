namespace BatchFunctions.SelfHost.Pump;

/// <summary>
/// Begins a service's work once the host has started, its port included: a process that ends at once because its port is taken takes
/// no message of those that run.
/// </summary>
/// <param name="lifetime">The host's.</param>
/// <param name="work">What is begun; it is disposed of here.</param>
internal sealed class OnceListening(IHostApplicationLifetime lifetime, BackgroundService work) : BackgroundService
{
    public override void Dispose()
    {
        base.Dispose();
        work.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stoppingToken.IsCancellationRequested)
        {
            return;
        }

        // The stop reaches the work through the token, and what fails there ends the host as what fails here does.
        await work.StartAsync(stoppingToken);
        await work.ExecuteTask!;
    }
}
