using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Protocol;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Puts ended batches into the index by which lists find them, behind the protocol and not in it: once an hour somebody goes through what was
/// made since the tenant's mark, as far as nothing can change any more, writes the entries, and then moves the mark. So the index says itself
/// how far it is complete, whichever version has ended the batches. A crash leaves entries before the mark has moved, which are written again.
/// </summary>
internal sealed partial class BatchIndexing(
    BatchSlices slices,
    BatchIndex index,
    ProtocolSteps steps,
    RareLog rare,
    TimeProvider time,
    ILogger<BatchIndexing> logger)
{
    /// <summary>
    /// How old a batch must be: by then one whose id was made has its rows or never gets them, also where its maker's clock is late. It takes a
    /// maker two minutes at most.
    /// </summary>
    public static readonly TimeSpan LeastAge = TimeSpan.FromHours(1);

    /// <summary>How often somebody looks.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <summary>When a process looks again that could not.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Fewer rows than this in one request have the next one look at twice the time.</summary>
    private const int FewRows = 250;

    private static readonly TimeSpan ShortestSlice = TimeSpan.FromMilliseconds(1);

    /// <summary>When it is somebody's turn, as far as this process knows.</summary>
    private DateTimeOffset _nextAt;

    /// <summary>Puts into the index what has ended, if it is time.</summary>
    /// <param name="hasTime">Whether there is time for more.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>Whether there is more to do at once.</returns>
    public async Task<bool> RunAsync(Func<bool> hasTime, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (now < _nextAt)
        {
            return false;
        }

        try
        {
            return await TakeTurnAsync(now, hasTime, ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
        {
            // No reason for sweeps to go on: the list does without, as far as it comes.
            _nextAt = now + Patience;
            if (rare.IsNews("no index"))
            {
                Log.NoIndex(logger, e);
            }

            return false;
        }
    }

    private async Task<bool> TakeTurnAsync(DateTimeOffset now, Func<bool> hasTime, CancellationToken ct)
    {
        (var isTaken, _nextAt, var after) = await index.TryTakeTurnAsync(now, now + Every, ct);
        if (!isTaken)
        {
            return false;
        }

        await foreach (var (tenant, newest) in slices.NewestAsync(after, ct))
        {
            var isDone = await TryIndexAsync(tenant, newest, hasTime, ct);
            after = isDone ? tenant : after;
            if (!hasTime())
            {
                _nextAt = time.GetUtcNow();
                await index.GiveTurnBackAsync(_nextAt, after, ct);
                return true;
            }
        }

        return false;
    }

    /// <returns>Whether there was time for all of the tenant's. What fails is the next look's.</returns>
    private async Task<bool> TryIndexAsync(string tenant, DateTimeOffset newest, Func<bool> hasTime, CancellationToken ct)
    {
        try
        {
            return await IndexAsync(tenant, newest, hasTime, ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
        {
            if (rare.IsNews($"not indexed {tenant}"))
            {
                Log.NotIndexed(logger, e, tenant);
            }

            return true;
        }
    }

    /// <summary>Puts into the index what has ended of a tenant.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="newest">When its newest batch was made.</param>
    /// <param name="hasTime">Whether there is time for more.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>Whether there was time for all of the tenant's.</returns>
    public async Task<bool> IndexAsync(string tenant, DateTimeOffset newest, Func<bool> hasTime, CancellationToken ct)
    {
        var mark = await index.MarkOfAsync(tenant, ct);
        if (newest < mark.Until)
        {
            return true;
        }

        var end = WholeMilliseconds(time.GetUtcNow() - LeastAge);
        var (slice, isStopped) = (end - mark.Until, false);
        while (mark.Until < end && !isStopped)
        {
            var to = end - mark.Until > slice ? mark.Until + slice : end;
            if (await slices.ReadAsync(tenant, mark.Until, to, ct) is not { } rows)
            {
                slice = Longer(WholeMilliseconds((to - mark.Until) / 2), ShortestSlice);
                continue;
            }

            (to, var ended, isStopped) = SettledOf(rows, to);
            if (to == mark.Until || (rows.Count == 0 && to == end))
            {
                // What nothing was found in is looked at once more rather than written down.
                return true;
            }

            if (await PutAsync(mark, ended, to, ct) is not { } moved)
            {
                // Another is at it.
                return true;
            }

            mark = moved;
            slice = rows.Count < FewRows ? 2 * slice : slice;
            if (!hasTime())
            {
                return mark.Until >= end || isStopped;
            }
        }

        return true;
    }

    /// <summary>What may be put into the index of rows, the oldest first: it ends before one that may still change, as far as can be told.</summary>
    private static (DateTimeOffset Until, List<EndedBatch> Ended, bool IsStopped) SettledOf(IReadOnlyList<TableEntity> rows, DateTimeOffset to)
    {
        var ended = new List<EndedBatch>(rows.Count);
        foreach (var row in rows.Where(static row => !EndedBatch.IsTombstone(row)))
        {
            if (EndedBatch.Of(row) is not { } batch)
            {
                var until = BatchSlices.MadeAt(row.RowKey);
                ended.RemoveAll(settled => BatchSlices.MadeAt(settled.RowKey) >= until);
                return (until, ended, true);
            }

            ended.Add(batch);
        }

        return (to, ended, false);
    }

    /// <returns>The mark as it is now; null if another has moved it.</returns>
    private async Task<BatchIndexMark?> PutAsync(BatchIndexMark mark, List<EndedBatch> ended, DateTimeOffset until, CancellationToken ct)
    {
        await index.PutAsync(mark.Tenant, ended.Select((batch, number) => (mark.Count + number, batch)), ct);
        await steps.ReachedAsync(ProtocolStep.BatchesIndexed, ct);
        var moved = await index.TryMoveAsync(mark, until, mark.Count + ended.Count, ct);
        await steps.ReachedAsync(ProtocolStep.IndexMarkMoved, ct);
        return moved;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan WholeMilliseconds(TimeSpan span) => TimeSpan.FromMilliseconds(Math.Floor(span.TotalMilliseconds));

    private static DateTimeOffset WholeMilliseconds(DateTimeOffset at) => DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Ended batches of the project '{Project}' could not be put into the index of the list; the next look tries again.")]
        public static partial void NotIndexed(ILogger logger, Exception e, string project);

        [LoggerMessage(Level = LogLevel.Error, Message = "The index of the list could not be looked after; a sweep tries again. The list looks through the rows meanwhile.")]
        public static partial void NoIndex(ILogger logger, Exception e);
    }
}
