using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Fleet;
using BatchFunctions.Protocol;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Batches whose chunks wait for an upstream without messages: all of them go on when it is back, and while it is away and no process
/// asks whether it is back, one goes on to ask. Whether it is back is told by this process's own gate and by the upstream's ledger.
/// </summary>
internal sealed class WaitingBatches(
    ActiveBatchStore active,
    BatchQueues queues,
    UpstreamRegistry upstreams,
    ShareStore shares,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time)
{
    private const int WokenAtOnce = 16;

    /// <summary>
    /// After which time those go on too that have begun to wait since the upstream is back: in a process that had not noticed yet, or that
    /// alone does not get through.
    /// </summary>
    private static readonly TimeSpan WaitWhileOthersPass = TimeSpan.FromSeconds(30);

    /// <summary>Has those go on that can.</summary>
    /// <param name="waiting">The active rows of all that wait, as they were read.</param>
    /// <param name="hasTime">Whether there is time for more; the others wait, noted as before, for the next sweep.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>How many go on, or may.</returns>
    public async Task<int> WakeAsync(IReadOnlyList<ActiveBatch> waiting, Func<bool> hasTime, CancellationToken ct)
    {
        var states = new Dictionary<string, UpstreamState>(StringComparer.Ordinal);
        foreach (var name in waiting.SelectMany(static row => row.WaitsFor).Distinct(StringComparer.Ordinal))
        {
            states[name] = await StateOfAsync(name, ct);
        }

        var now = time.GetUtcNow();
        var woken = waiting.Where(row => row.WaitsFor.Any(name => states[name].LetsGo(row, now))).ToHashSet();
        foreach (var (name, _) in states.Where(static pair => pair.Value is { IsThere: false, IsAsked: false }))
        {
            if (waiting.Where(row => row.WaitsFor.Contains(name)).MinBy(static row => row.WaitsSince) is { } first)
            {
                woken.Add(first);
            }
        }

        await Parallel.ForEachAsync(
            InTurn(woken).TakeWhile(_ => hasTime()),
            new ParallelOptions { MaxDegreeOfParallelism = WokenAtOnce, CancellationToken = ct },
            async (row, token) => await WakeAsync(row, token));
        return woken.Count;
    }

    /// <inheritdoc cref="WakeAsync(IReadOnlyList{ActiveBatch}, Func{bool}, CancellationToken)"/>
    public Task<int> WakeAsync(IReadOnlyList<ActiveBatch> waiting, CancellationToken ct) => WakeAsync(waiting, static () => true, ct);

    /// <summary>Project by project in turn, and of each the oldest batches first.</summary>
    private static IEnumerable<ActiveBatch> InTurn(IEnumerable<ActiveBatch> rows) => rows
        .GroupBy(static row => row.Key.Tenant, StringComparer.Ordinal)
        .SelectMany(static group => group.OrderBy(static row => row.CreatedAt).Select(static (row, index) => (row, index)))
        .OrderBy(static pair => pair.index)
        .Select(static pair => pair.row);

    /// <summary>
    /// The row first, under its ETag, so that of several sweeps one sends the messages. A crash behind it leaves chunks without a message
    /// that are not noted as waiting: the sweep looks at the batch when the time in the row has come, and wakes them.
    /// </summary>
    private async Task WakeAsync(ActiveBatch row, CancellationToken ct)
    {
        var lookAt = time.GetUtcNow() + (options.Value.WakeUpLost * 6);
        if (!await active.TryWriteLookAsync(row with { LookAt = row.LookAt < lookAt ? row.LookAt : lookAt, Waiting = [], WaitsFor = [] }, ct))
        {
            return;
        }

        await steps.ReachedAsync(ProtocolStep.WokenNoted, ct);
        foreach (var chunk in row.Waiting)
        {
            await queues.SendWokenAsync(row.Key, chunk, ct);
        }

        await steps.ReachedAsync(ProtocolStep.WokenSent, ct);
    }

    private async Task<UpstreamState> StateOfAsync(string name, CancellationToken ct)
    {
        if (upstreams.Find(name) is not { } upstream)
        {
            // Not among the settings any more: where the lines go is decided anew.
            return new UpstreamState(DateTimeOffset.MaxValue, IsAsked: false);
        }

        var ledger = await shares.ReadLivingAsync(name, ct);
        var told = ledger.Entries.Max(static entry => entry.ThroughSince) is { } since ? DateTimeOffset.FromUnixTimeMilliseconds(since) : (DateTimeOffset?)null;
        var own = upstream.Gate.ThroughSince;
        return new UpstreamState(own > told || told is null ? own : told, IsAsked: ledger.Entries.Any(static entry => entry.Demand.Count > 0));
    }

    /// <summary>How an upstream stands for those who wait for it.</summary>
    /// <param name="ThroughSince">Since when lines have gone through, of the process that says the latest; null if no process says so.</param>
    /// <param name="IsAsked">Whether a process has lines for it, and so asks it whether it is back.</param>
    private readonly record struct UpstreamState(DateTimeOffset? ThroughSince, bool IsAsked)
    {
        public bool IsThere => ThroughSince is not null;

        public bool LetsGo(ActiveBatch row, DateTimeOffset now) =>
            ThroughSince is { } since && (row.WaitsSince is not { } waits || waits <= since || now - waits > WaitWhileOthersPass);
    }
}
