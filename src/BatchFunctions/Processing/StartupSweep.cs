using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// A sweep when the process starts, which resumes what one before it has left: chunks whose worker is gone, and the chain of
/// sweeps itself.
/// </summary>
internal sealed partial class StartupSweep(BatchSweep sweep, ILogger<StartupSweep> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await sweep.RunTimerAsync(stoppingToken);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !stoppingToken.IsCancellationRequested)
        {
            Log.Failed(logger, e);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service is stopping.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The sweep at startup failed; the next one is due with the next batch, or within an hour.")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
