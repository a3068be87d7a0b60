using System.Collections.Frozen;
using System.Diagnostics;
using Azure.Storage.Queues;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Wakeups;

/// <summary>Sends the messages that move batches on.</summary>
internal sealed class BatchQueues(
    FrozenDictionary<string, QueueClient> queues,
    WakeupStore wakeups,
    QueueBell bell,
    AskedAdvances asked,
    IOptions<BatchOptions> options,
    TimeProvider time)
{
    /// <summary>A message never dies of age: the row that it points to says whether it still means anything.</summary>
    private static readonly TimeSpan Forever = TimeSpan.FromSeconds(-1);

    /// <summary>What storage accepts as a message's delay, at most.</summary>
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
        SendAsync(QueueNames.Validate, BatchMessage.For(batch), delay, ct);

    public Task SendChunkAsync(BatchKey batch, int chunk, TimeSpan delay, CancellationToken ct) =>
        SendAsync(QueueNames.Chunk, BatchMessage.For(batch, chunk), delay, ct);

    /// <summary>
    /// Asks for an advance of the batch; whoever asks first sends the message, a little delayed so that others join. A
    /// crash between the row and the message leaves a row that the sweep finds old. What the advance is to see must have
    /// been written before it is asked for.
    /// </summary>
    public async Task AskAdvanceAsync(BatchKey batch, CancellationToken ct)
    {
        var now = time.GetTimestamp();
        if (!asked.Cover(batch) && await wakeups.TryAddAdvanceAsync(batch, ct))
        {
            await SendAdvanceAsync(batch, options.Value.AdvanceDelay, ct);
            asked.Note(batch, now);
        }
    }

    public Task SendAdvanceAsync(BatchKey batch, TimeSpan delay, CancellationToken ct) =>
        SendAsync(QueueNames.Advance, BatchMessage.For(batch), delay, ct);

    /// <summary>
    /// Asks for the next sweep. A crash between the row and the message leaves a row that whoever asks next finds old: the
    /// maker of another batch, or the timer.
    /// </summary>
    public async Task AskSweepAsync(CancellationToken ct)
    {
        var lost = options.Value.SweepInterval + options.Value.WakeUpLost;
        if (await wakeups.TryAddSweepAsync(lost, ct) is { } ticket)
        {
            var message = new BatchMessage { Ticket = ticket.ToString() };
            await SendAsync(QueueNames.Sweep, message, options.Value.SweepInterval, ct);
        }
    }

    /// <summary>Sends a message that was not handled to its end once more.</summary>
    public Task SendAgainAsync(string queue, BatchMessage message, CancellationToken ct) =>
        SendAsync(queue, message, TimeSpan.Zero, ct);

    private async Task SendAsync(string queue, BatchMessage message, TimeSpan delay, CancellationToken ct)
    {
        var wanted = delay <= TimeSpan.Zero ? TimeSpan.Zero : delay > LongestDelay ? LongestDelay : delay;
        var visibility = TimeSpan.FromSeconds(Math.Ceiling(wanted.TotalSeconds));
        var sent = message with
        {
            TraceParent = Activity.Current?.Id,
            DueAt = (time.GetUtcNow() + visibility).ToUnixTimeMilliseconds(),
        };
        await queues[queue].SendMessageAsync(sent.ToString(), visibility, Forever, ct);
        bell.Ring(queue, visibility);
    }
}
