using BatchFunctions.ActiveBatches;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Projects;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Batches;

/// <summary>
/// Holds projects to what they may have waiting. A batch's row among the active ones is written first, and then all of the
/// project's are counted, its own included: of those that come at once, by however many processes, each sees the others or is
/// seen by them, so they never pass the limit together. Within a process they take turns where it is getting tight, so that those for which
/// there is room get it; of those that two processes make at the same moment both may be refused.
/// </summary>
internal sealed partial class BatchQuota(
    ActiveBatchStore active, ProjectReader projects, ProtocolSteps steps, ILogger<BatchQuota> logger) : IDisposable
{
    private const int Turns = 64;
    private const long BytesOfLoad = 256;

    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, Turns).Select(_ => new SemaphoreSlim(1))];
    private readonly Remembered<string, ActiveLoad> _loads = new(mostBytes: 4_096 * BytesOfLoad);

    /// <summary>
    /// Writes the row of a batch that is about to be made, if the project may have it. A crash behind that leaves a row that counts until
    /// the sweep removes it.
    /// </summary>
    /// <param name="batch">The row.</param>
    /// <param name="beside">Begins what may be done while is counted; the caller awaits it.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <exception cref="ApiException">The project has as much as it may have; the row is gone again.</exception>
    public async Task EnterAsync(ActiveBatch batch, Func<Task> beside, CancellationToken ct)
    {
        var tenant = batch.Key.Tenant;
        var limits = await projects.LimitsOfAsync(tenant, ct);
        if (limits.IsBeingErased)
        {
            throw new ApiException(ApiError.ProjectErased);
        }

        if (batch.Lines > limits.MaxLines)
        {
            throw new ApiException(BatchErrors.MoreLinesThanMayWait(tenant, batch.Lines, limits.MaxLines));
        }

        // Where there is room for as much again nobody is in the way of others, and none waits for them. Should it have become tight since,
        // it is tried in turn.
        if (_loads.TryFind(tenant, out var last) && Refusal(tenant, last + last.With(batch.Lines), batch.Lines, limits) is null
            && await TryEnterAsync(batch, limits, beside, ct) is null)
        {
            return;
        }

        var turn = _turns[(int)((uint)string.GetHashCode(tenant, StringComparison.Ordinal) % Turns)];
        await turn.WaitAsync(ct);
        try
        {
            if (await TryEnterAsync(batch, limits, beside, ct) is { } refusal)
            {
                throw new ApiException(refusal);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <returns>Why the project may not have it, and the row is gone again; null if it may.</returns>
    private async Task<ApiError?> TryEnterAsync(ActiveBatch batch, ProjectLimits limits, Func<Task> beside, CancellationToken ct)
    {
        await InsertAsync(batch, ct);
        await steps.ReachedAsync(ProtocolStep.ActiveRowWritten, ct);
        var doing = Task.CompletedTask;
        try
        {
            doing = beside();
            var load = await active.LoadOfAsync(batch.Key.Tenant, ct);
            _loads.Keep(batch.Key.Tenant, load, BytesOfLoad);
            if (Refusal(batch.Key.Tenant, load, batch.Lines, limits) is not { } refusal)
            {
                return null;
            }

            await doing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LeaveAsync(batch.Key);
            return refusal;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            await doing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LeaveAsync(batch.Key);
            throw;
        }
    }

    private async Task InsertAsync(ActiveBatch batch, CancellationToken ct)
    {
        try
        {
            await active.InsertAsync(batch, ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            await LeaveAsync(batch.Key);
            throw;
        }
    }

    /// <summary>
    /// Removes the row of a batch that is not made after all, whether or not the client still waits. It hides no error: a row that
    /// stays counts until a sweep removes it.
    /// </summary>
    public async Task LeaveAsync(BatchKey key)
    {
        try
        {
            await active.DeleteAsync(key, CancellationToken.None);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.NotLeft(logger, e, key.Id);
        }
    }

    public void Dispose()
    {
        _loads.Dispose();
        foreach (var turn in _turns)
        {
            turn.Dispose();
        }
    }

    /// <param name="tenant">The project.</param>
    /// <param name="load">What it has, the new batch included.</param>
    /// <param name="lines">The lines of the new batch.</param>
    /// <param name="limits">What it may have.</param>
    internal static ApiError? Refusal(string tenant, ActiveLoad load, int lines, ProjectLimits limits) =>
        load.Batches > limits.MaxBatches ? BatchErrors.TooManyBatches(tenant, load.Batches - 1, limits.MaxBatches)
        : load.Lines > limits.MaxLines ? BatchErrors.TooManyLines(tenant, load.Lines - lines, lines, limits.MaxLines)
        : null;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The active row of batch {BatchId}, which is not made, could not be removed; the sweep will remove it.")]
        public static partial void NotLeft(ILogger logger, Exception e, string batchId);
    }
}
