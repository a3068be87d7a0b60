using Azure.Data.Tables;
using BatchFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Service;

/// <summary>
/// Whether storage answers. Anybody may ask, and must not run up transactions: all who ask share one look, which nobody's
/// leaving ends, and its answer holds for a while.
/// </summary>
internal sealed partial class StorageHealth(StorageClients storage, TimeProvider time, ILogger<StorageHealth> logger)
{
    /// <summary>How long an answer holds, counted from when storage was asked.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromSeconds(5);

    /// <summary>How long storage has to answer.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    private readonly TableClient _table = storage.Tables.GetTableClient(TableNames.ActiveBatches);
    private readonly Lock _lock = new();
    private Task<bool>? _look;
    private DateTimeOffset _askedAt;

    /// <summary>Whether storage answers, or did a few seconds ago.</summary>
    /// <param name="ct">Ends the waiting alone, not the look.</param>
    public Task<bool> IsHealthyAsync(CancellationToken ct)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_look is null || (_look.IsCompleted && now - _askedAt >= Age))
            {
                _askedAt = now;
                _look = LookAsync();
            }

            return _look.WaitAsync(ct);
        }
    }

    private async Task<bool> LookAsync()
    {
        using var limit = new CancellationTokenSource(Limit, time);
        try
        {
            await foreach (var _ in _table.QueryAsync<TableEntity>(maxPerPage: 1, cancellationToken: limit.Token))
            {
                break;
            }

            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.NotHealthy(logger, e);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Storage does not answer.")]
        public static partial void NotHealthy(ILogger logger, Exception e);
    }
}
