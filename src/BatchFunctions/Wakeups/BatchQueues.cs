using System.Collections.Frozen;
using Azure.Storage.Queues;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Wakeups;

/// <summary>Sends the messages that move batches forward.</summary>
internal sealed class BatchQueues(
    FrozenDictionary<string, QueueClient> queues,
    WakeupStore wakeups,
    QueueBell bell,
    AskedAdvances asked,
    IOptions<BatchOptions> options,
    TimeProvider time)
{
    /// <summary>The sweep that this process has sent last; null once it has taken one up.</summary>
    private volatile DelayedMessage? _sweep;

    /// <summary>How soon a sweep comes that is asked for at once: what is told by other ways should be there before it.</summary>
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(1);

    /// <summary>Messages do not expire: the row that a message points to says whether it still matters.</summary>
    private static readonly TimeSpan Forever = TimeSpan.FromSeconds(-1);

    /// <summary>The longest delay of a message that storage accepts, with a margin.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(7) - TimeSpan.FromMinutes(1);

    public BatchQueues(
        StorageClients storage,
        WakeupStore wakeups,
        QueueBell bell,
        AskedAdvances asked,
        IOptions<BatchOptions> options,
        TimeProvider time)
        : this(
            QueueNames.Working.ToFrozenDictionary(name => name, storage.Queues.GetQueueClient, StringComparer.Ordinal),
            wakeups,
            bell,
            asked,
            options,
            time)
    {
    }

    public Task SendValidateAsync(BatchKey batch, TimeSpan delay, CancellationToken ct) =>
        SendAsync(BatchMessage.Of(BatchMessageKind.Validate, batch), delay, ct);

    public Task SendChunkAsync(BatchKey batch, int chunk, TimeSpan delay, CancellationToken ct) =>
        SendAsync(BatchMessage.OfChunk(batch, chunk), delay, ct);

    /// <summary>Whether no message of a chunk waits to be fetched; those that are hidden, in hand or delayed, do not count.</summary>
    public async Task<bool> IsChunkQueueEmptyAsync(CancellationToken ct) =>
        (await queues[QueueNames.Chunk].PeekMessageAsync(ct)).Value is null;

    /// <summary>Sends the message of a chunk that waits for something that is there by now.</summary>
    public Task SendWokenAsync(BatchKey batch, int chunk, CancellationToken ct) =>
        SendAsync(BatchMessage.OfChunk(batch, chunk) with { GoesOn = true }, TimeSpan.Zero, ct);

    /// <summary>Asks for an attempt to deliver an event of a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="delivery">The delivery's id.</param>
    /// <param name="attempt">Which attempt it is.</param>
    /// <param name="delay">When.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task SendDeliveryAsync(BatchKey batch, string delivery, int attempt, TimeSpan delay, CancellationToken ct) =>
        SendAsync(BatchMessage.OfDelivery(batch, delivery, attempt), delay, ct);

    /// <summary>
    /// Asks for an advance of the batch. Whoever asks first sends the message, with a delay so that others can join. A
    /// crash between the row and the message leaves a row that the sweep finds overdue. Whatever the advance must see
    /// has to be written before it is asked for.
    /// </summary>
    public async Task AskAdvanceAsync(BatchKey batch, CancellationToken ct)
    {
        var message = DelayedMessage.Begin(time, options.Value.AdvanceDelay);
        if (!asked.IsOnItsWay(batch) && await wakeups.TryAddAdvanceAsync(batch, ct))
        {
            await SendAsync(BatchMessage.Of(BatchMessageKind.Advance, batch) with { IsCountedOn = message.Delay > TimeSpan.Zero }, message.Delay, ct);
            asked.Note(batch, message);
        }
    }

    /// <summary>Asks for an advance of the batch at once: there is something that somebody waits to see.</summary>
    /// <inheritdoc cref="AskAdvanceAsync"/>
    public async Task AskAdvanceNowAsync(BatchKey batch, CancellationToken ct)
    {
        if (await wakeups.TryAddAdvanceAsync(batch, ct))
        {
            await SendAdvanceAsync(batch, ct);
        }
    }

    /// <summary>
    /// Sends the messages of advances again that were asked for long ago and not taken up. Each row is taken over
    /// first, under its ETag, which keeps the next sweep from sending another at once.
    /// </summary>
    /// <param name="hasTime">Whether there is time for more; the rest is as late when the next sweep comes.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>Whether there were any.</returns>
    public async Task<bool> SendLateAdvancesAsync(Func<bool> hasTime, CancellationToken ct)
    {
        var any = false;
        await foreach (var batch in wakeups.TakeOverLateAdvancesAsync(options.Value.WakeUpLost, ct))
        {
            any = true;
            await SendAdvanceAsync(batch, ct);
            if (!hasTime())
            {
                break;
            }
        }

        return any;
    }

    private Task SendAdvanceAsync(BatchKey batch, CancellationToken ct) =>
        SendAsync(BatchMessage.Of(BatchMessageKind.Advance, batch), TimeSpan.Zero, ct);

    /// <summary>
    /// Asks for the next sweep. A crash between the row and the message leaves an overdue row, which whoever asks next
    /// takes over: the creator of another batch, a worker, or the timer.
    /// </summary>
    /// <param name="delay">When there may be something to do; after <see cref="BatchOptions.SweepInterval"/> at the latest.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task AskSweepAsync(TimeSpan? delay, CancellationToken ct) => AskNextSweepAsync(delay, from: null, asker: default, ct);

    /// <summary>Asks for the sweep that follows one.</summary>
    /// <param name="delay">When there may be something to do; after <see cref="BatchOptions.SweepInterval"/> at the latest.</param>
    /// <param name="from">The batch behind which it is to go on; null to begin with the first.</param>
    /// <param name="asker">Who asks.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task AskNextSweepAsync(TimeSpan? delay, BatchKey? from, SweepAsker asker, CancellationToken ct)
    {
        var interval = options.Value.SweepInterval;
        return AskSweepAsync(delay < interval ? delay.Value : interval, latest: interval, quietUntil: null, from, asker, ct);
    }

    /// <summary>Asks for the next sweep where none is on its way, or the one that was is lost; however late it may be.</summary>
    public Task AskSweepIfLostAsync(CancellationToken ct) =>
        AskSweepAsync(options.Value.SweepInterval, latest: TimeSpan.MaxValue, quietUntil: null, from: null, asker: default, ct);

    /// <summary>Asks for a sweep at once: one that is under way and due later is taken over.</summary>
    /// <param name="ct">Cancels the operation.</param>
    public Task AskSweepNowAsync(CancellationToken ct) => AskSweepAsync(Now, latest: Now, quietUntil: null, from: null, asker: default, ct);

    /// <summary>
    /// Asks for the next sweep where all is at rest: it may be later than <see cref="BatchOptions.SweepInterval"/>, since whoever begins
    /// something meanwhile takes it over.
    /// </summary>
    /// <param name="delay">When there may be something to do.</param>
    /// <param name="quietUntil">Until when it is enough to look at batches that are due.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task AskQuietSweepAsync(TimeSpan delay, DateTimeOffset quietUntil, CancellationToken ct) =>
        AskQuietSweepAsync(delay, quietUntil, asker: default, ct);

    /// <inheritdoc cref="AskQuietSweepAsync(TimeSpan, DateTimeOffset, CancellationToken)"/>
    /// <param name="delay">When there may be something to do.</param>
    /// <param name="quietUntil">Until when it is enough to look at batches that are due.</param>
    /// <param name="asker">Who asks.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task AskQuietSweepAsync(TimeSpan delay, DateTimeOffset quietUntil, SweepAsker asker, CancellationToken ct) =>
        AskSweepAsync(delay > Now ? delay : Now, latest: TimeSpan.MaxValue, quietUntil, from: null, asker, ct);

    private async Task AskSweepAsync(
        TimeSpan delay, TimeSpan latest, DateTimeOffset? quietUntil, BatchKey? from, SweepAsker asker, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var by = latest < LongestDelay ? now + latest : DateTimeOffset.MaxValue;
        if (asker.Holder is null && _sweep is { } last && last.DueAt <= by && last.IsOnItsWay(time))
        {
            return;
        }

        var sent = DelayedMessage.Begin(time, delay);
        var asked = await wakeups.AskSweepAsync(sent.DueAt, by, options.Value.SweepInterval, options.Value.WakeUpLost, asker, ct);
        if (asked.Ticket is { } ticket)
        {
            // Sooner where others have asked for it while the one before it was under way; and then it looks at everything.
            sent = asked.DueAt < sent.DueAt ? DelayedMessage.Begin(time, asked.DueAt - now) : sent;
            var message = new BatchMessage
            {
                Kind = BatchMessageKind.Sweep,
                Ticket = ticket.ToString(),
                QuietUntil = asked.IsWanted ? null : quietUntil?.ToUnixTimeMilliseconds(),
                IsTakenOver = asked.IsTakenOver,
                Tenant = from?.Tenant ?? "",
                After = from?.Id,
            };
            await SendAsync(message, sent.Delay, ct);
            _sweep = sent;
        }
    }

    /// <summary>Holds the pending row for a sweep that takes long; whoever asks for one has it follow.</summary>
    /// <inheritdoc cref="SweepHolds.TryHoldAsync"/>
    public Task<bool> TryHoldSweepAsync(string holder, CancellationToken ct) => wakeups.Holds.TryHoldAsync(holder, options.Value.SweepLapse, ct);

    /// <inheritdoc cref="SweepHolds.ReleaseAsync"/>
    public Task ReleaseSweepAsync(string holder, CancellationToken ct) => wakeups.Holds.ReleaseAsync(holder, ct);

    /// <summary>Takes up a sweep by its ticket, or, where its message comes again since the process has died that had it in hand, by the row's lapse.</summary>
    /// <inheritdoc cref="WakeupStore.TryTakeSweepAsync"/>
    public async Task<bool> TryTakeSweepAsync(string? ticket, CancellationToken ct)
    {
        if (!await wakeups.TryTakeSweepAsync(ticket, ct) && !await wakeups.Holds.TryTakeLapsedAsync(options.Value.SweepLapse, ct))
        {
            return false;
        }

        _sweep = null;
        return true;
    }

    /// <summary>
    /// Sends a message again whose handling did not complete. An advance is asked for anew: its row was removed when it
    /// was taken up, and a new message without a row would be taken for a copy.
    /// </summary>
    public Task SendAgainAsync(BatchMessage message, CancellationToken ct) => message.Kind == BatchMessageKind.Advance
        ? AskAdvanceAsync(message.Key, ct)
        : SendAsync(message, TimeSpan.Zero, ct);

    private async Task SendAsync(BatchMessage message, TimeSpan delay, CancellationToken ct)
    {
        var wanted = delay <= TimeSpan.Zero ? TimeSpan.Zero : delay > LongestDelay ? LongestDelay : delay;
        var visibility = TimeSpan.FromSeconds(Math.Ceiling(wanted.TotalSeconds));
        var sent = message with
        {
            TraceParent = BatchTracing.Current,
            DueAt = (time.GetUtcNow() + visibility).ToUnixTimeMilliseconds(),
        };
        await queues[message.Queue].SendMessageAsync(sent.ToString(), visibility, Forever, ct);
        bell.Ring(message.Queue, visibility);
    }
}
