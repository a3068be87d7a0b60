using BatchFunctions.ActiveBatches;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Projects;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Batches;

/// <summary>
/// Holds projects to what they may have waiting. A batch's row among the active ones is written first, and then all of the
/// project's are counted, its own included: of those that come at once, by however many processes, each sees the others or is
/// seen by them, so they never pass the limit together. Within a process they take turns, so that those for which there is
/// room get it; of those that two processes make at the same moment both may be refused.
/// </summary>
internal sealed partial class BatchQuota(
    ActiveBatchStore active, ProjectReader projects, ILogger<BatchQuota> logger) : IDisposable
{
    private const int Turns = 64;

    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, Turns).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Writes the row of a batch that is about to be made, if the project may have it.</summary>
    /// <exception cref="ApiException">The project has as much as it may have; the row is gone again.</exception>
    public async Task EnterAsync(ActiveBatch batch, CancellationToken ct)
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

        var turn = _turns[(int)((uint)string.GetHashCode(tenant, StringComparison.Ordinal) % Turns)];
        await turn.WaitAsync(ct);
        try
        {
            await active.InsertAsync(batch, ct);
            if (Refusal(tenant, await active.LoadOfAsync(tenant, ct), batch.Lines, limits) is { } refusal)
            {
                throw new ApiException(refusal);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            await LeaveAsync(batch.Key);
            throw;
        }
        finally
        {
            turn.Release();
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
