using Azure.Data.Tables;
using BatchFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Service;

/// <summary>
/// Checks whether storage answers. Anybody may ask, and must not be able to run up transactions: all callers share one
/// check, which goes on if a caller leaves, and its result is reused for a while.
/// </summary>
internal sealed partial class StorageHealth(StorageClients storage, TimeProvider time, ILogger<StorageHealth> logger)
{
    /// <summary>How long a result is reused, counted from the start of the check.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromSeconds(5);

    /// <summary>How long storage may take to answer.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    private readonly TableClient _table = storage.Tables.GetTableClient(TableNames.ActiveBatches);
    private readonly Lock _lock = new();
    private Task<bool>? _look;
    private DateTimeOffset _askedAt;

    /// <summary>Whether storage answers, or did so a few seconds ago.</summary>
    /// <param name="ct">Cancels the wait, not the check.</param>
    public Task<bool> IsHealthyAsync(CancellationToken ct)
    {
        // Whoever has left gets no answer, however fast the check is.
        ct.ThrowIfCancellationRequested();
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
