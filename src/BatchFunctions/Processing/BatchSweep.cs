using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Goes through everything that has not ended, repairs what a crash, a lost message or an expired lease has left,
/// removes what has expired, and puts what has ended into the index of the list. Its message sends itself again while anything is active, so that nothing runs at rest; an
/// hourly timer backs it up. Of the batches it looks at those that are due. Where a thousand rest and nothing else is to be done, most
/// sweeps are quiet ones: for up to <see cref="QuietFor"/> they ask storage for what is due alone. Each part has its time, together well
/// below a function's; what it leaves is the next sweep's, which for batches goes on behind the last that was looked at.
/// </summary>
internal sealed partial class BatchSweep(
    ActiveBatchPass batches,
    WaitingBatches waiting,
    PoisonSweep poison,
    Expiry expiry,
    ProjectErasure erasure,
    BatchIndexing indexing,
    QueueGauges gauges,
    BatchQueues queues,
    ProtocolSteps steps,
    RareLog rare,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<BatchSweep> logger)
{
    /// <summary>How long sweeps may be quiet before another looks at everything: as long as the gauges may be old.</summary>
    private static readonly TimeSpan QuietFor = TimeSpan.FromMinutes(1);

    /// <summary>How long after a lease would have run out the sweep looks.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(0.2);

    /// <summary>How long batches are looked at.</summary>
    private static readonly TimeSpan BatchesLimit = TimeSpan.FromMinutes(2);

    /// <summary>How long each of the other parts may take.</summary>
    private static readonly TimeSpan PartLimit = TimeSpan.FromSeconds(30);

    /// <summary>How soon a sweep goes on that had no time to look at all batches.</summary>
    private static readonly TimeSpan GoesOnAfter = TimeSpan.FromSeconds(1);

    /// <summary>Takes up the sweep's message, and asks for the next one while anything is active.</summary>
    /// <param name="message">
    /// The message; a copy of one whose sweep has been taken up has an old ticket, and does nothing.
    /// </param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task TakeUpAsync(BatchMessage message, CancellationToken ct)
    {
        if (!await queues.TryTakeSweepAsync(message.Ticket, ct))
        {
            return;
        }

        await steps.ReachedAsync(ProtocolStep.SweepTakenUp, ct);
        var quietUntil = message.QuietUntil is { } until ? DateTimeOffset.FromUnixTimeMilliseconds(until) : DateTimeOffset.MinValue;
        var isQuiet = time.GetUtcNow() < quietUntil && quietUntil < time.GetUtcNow() + QuietFor;
        var from = message.After is { } after ? new BatchKey(message.Tenant, after) : (BatchKey?)null;
        await InTurnAsync(
            turn => isQuiet ? RunQuietlyAsync(turn, quietUntil, ct) : RunAndAskAsync(turn, from, ahead: TimeSpan.Zero, message.IsTakenOver, ct),
            isGuard: false,
            ct);
        await steps.ReachedAsync(ProtocolStep.SweepDone, ct);
    }

    /// <summary>
    /// The hourly timer, and the start of a process: runs a sweep, and starts a new chain of messages if the old one is broken. It looks a
    /// lease ahead, since a worker may be known to be dead before its lease is over.
    /// </summary>
    public Task RunTimerAsync(CancellationToken ct) => InTurnAsync(
        turn => RunAndAskAsync(turn, from: null, ahead: options.Value.Lease, mustAsk: false, ct), isGuard: true, ct);

    /// <summary>Sweeps, and leaves no hold behind if that is broken off: its message, which comes again, would be taken for a copy.</summary>
    private async Task InTurnAsync(Func<SweepTurn, Task> run, bool isGuard, CancellationToken ct)
    {
        await using var turn = new SweepTurn(queues, steps, options.Value, time, isGuard, ct);
        try
        {
            await run(turn);
        }
        catch
        {
            await turn.ReleaseAsync();
            throw;
        }
    }

    /// <summary>
    /// Runs all parts of the sweep, each by itself: one that fails does not keep the others from their turn. Asks for the next
    /// sweep if there is, or after a failure may be, more to do soon: for when the first lease that was seen would run out, since
    /// that is when there may be something to do.
    /// </summary>
    private async Task RunAndAskAsync(SweepTurn turn, BatchKey? from, TimeSpan ahead, bool mustAsk, CancellationToken ct)
    {
        var seen = new ActiveBatchCensus();
        var (isActive, isQuiet) = await RunAsync(turn, from, seen, ahead, ct);
        await turn.EndAsync();
        if (isQuiet && seen is { Restless: 0 } && seen.Resting >= options.Value.RestingForQuiet)
        {
            await AskQuietlyAsync(turn, seen, time.GetUtcNow() + QuietFor, ct);
        }
        else if (isActive || mustAsk || turn.WasLong)
        {
            await AskNextAsync(turn, seen, ct);
        }
    }

    /// <summary>
    /// A sweep while all is at rest: what is due, and wake-ups that are late. Once there is something to do, the next one looks at
    /// everything.
    /// </summary>
    private async Task RunQuietlyAsync(SweepTurn turn, DateTimeOffset quietUntil, CancellationToken ct)
    {
        var seen = new ActiveBatchCensus();
        var isDone = await TryAsync("active batches", token => batches.LookAtDueAsync(turn.TimeFor(BatchesLimit), seen, token), ct);
        isDone |= await TryAsync("late advances", token => queues.SendLateAdvancesAsync(turn.TimeFor(PartLimit), token), ct);
        await turn.EndAsync();
        if (!isDone && seen is { Restless: 0 })
        {
            await AskQuietlyAsync(turn, seen, quietUntil, ct);
        }
        else
        {
            await AskNextAsync(turn, seen, ct);
        }
    }

    /// <summary>
    /// Asks for the next sweep. One that was overtaken asks for it, too, since the other may die; as long as it lives it takes the row back.
    /// </summary>
    private Task AskNextAsync(SweepTurn turn, ActiveBatchCensus seen, CancellationToken ct)
    {
        var delay = turn.IsOvertaken ? (TimeSpan?)null : seen.LookedAtLast is null ? seen.FirstLeaseEnd - time.GetUtcNow() + Margin : GoesOnAfter;
        return queues.AskNextSweepAsync(delay, turn.IsOvertaken ? null : seen.LookedAtLast, turn.Asker, ct);
    }

    /// <summary>Asks for the next sweep for when the first lease is over or the first batch is due, and at the latest when the quiet ends.</summary>
    private Task AskQuietlyAsync(SweepTurn turn, ActiveBatchCensus seen, DateTimeOffset quietUntil, CancellationToken ct)
    {
        var next = Sooner(Sooner(seen.FirstLeaseEnd, seen.FirstLook) + Margin, quietUntil) ?? quietUntil;
        return queues.AskQuietSweepAsync(next - time.GetUtcNow(), quietUntil, turn.Asker, ct);
    }

    private static DateTimeOffset? Sooner(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;

    /// <returns>Whether there is, or may be, more to do soon, and whether that is only to wait.</returns>
    private async Task<(bool IsActive, bool IsQuiet)> RunAsync(
        SweepTurn turn, BatchKey? from, ActiveBatchCensus seen, TimeSpan ahead, CancellationToken ct)
    {
        var rows = new List<ActiveBatch>();
        var isActive = await TryAsync("active batches", token => batches.LookAtAllAsync(turn.TimeFor(BatchesLimit), from, seen, rows, ahead, token), ct);
        var isBusy = await TryAsync(
            "batches that wait for an upstream", async token => await waiting.WakeAsync(rows, turn.TimeFor(PartLimit), token) > 0, ct);
        isBusy |= await TryAsync("late advances", token => queues.SendLateAdvancesAsync(turn.TimeFor(PartLimit), token), ct);
        isBusy |= await TryAsync("poison queues", token => SweepPoisonAsync(turn.TimeFor(PartLimit), token), ct);

        // What becomes due later is left to the hourly timer.
        isBusy |= await TryAsync("what has expired", token => expiry.RunDueAsync(turn.TimeFor(PartLimit), token), ct);
        isBusy |= await TryAsync("projects that are erased", token => erasure.RunAsync(turn.TimeFor(PartLimit), token), ct);
        isBusy |= await TryAsync("the index of the list", token => indexing.RunAsync(turn.TimeFor(PartLimit), token), ct);
        return (isActive || isBusy, !isBusy);
    }

    private async Task<bool> TryAsync(string part, Func<CancellationToken, Task<bool>> sweep, CancellationToken ct)
    {
        try
        {
            return await sweep(ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
        {
            if (rare.IsNews($"not swept: {part}"))
            {
                Log.PartNotSwept(logger, e, part);
            }

            return true;
        }
    }

    /// <returns>Whether any poison queue had messages: the sweep goes on until they are gone.</returns>
    private async Task<bool> SweepPoisonAsync(Func<bool> hasTime, CancellationToken ct)
    {
        var used = await gauges.MeasureAsync(ct);
        var poisoned = QueueNames.Poison.Where(used.Contains).ToList();
        foreach (var name in poisoned)
        {
            await poison.RunAsync(name, hasTime, ct);
        }

        return poisoned.Count > 0;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The sweep could not handle {Part}; each sweep tries again.")]
        public static partial void PartNotSwept(ILogger logger, Exception e, string part);
    }
}
