using BatchFunctions.Processing;

namespace BatchFunctions.SelfHost.Pump;

/// <summary>The hourly timer behind the sweep.</summary>
internal sealed partial class SweepTimer(BatchJobs jobs, TimeProvider time, ILogger<SweepTimer> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SweepAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service is stopping.
        }
    }

    private async Task SweepAsync(CancellationToken ct)
    {
        try
        {
            await jobs.SweepTimerAsync(ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
        {
            Log.Failed(logger, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The sweep's timer failed; it fires again in an hour.")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
