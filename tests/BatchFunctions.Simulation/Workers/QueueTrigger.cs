using System.Diagnostics.CodeAnalysis;
using Azure.Storage.Queues.Models;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.StrictStorage.Http;
using BatchFunctions.StrictStorage.Queues;

namespace BatchFunctions.Simulation.Workers;

/// <summary>
/// The hosts' queue trigger for one queue: a worker finds a message some time after it has become visible, hides it while its handler
/// runs, renews that, deletes it when the handler returns, lets it come back later when it throws, and puts it on the poison queue after
/// the fifth try. What a dead worker had fetched comes back when its hiding is over.
/// </summary>
internal sealed class QueueTrigger(Life life, string name, string poison)
{
    private const int MostTries = 5;
    private static readonly TimeSpan Hidden = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ComesBackAfter = TimeSpan.FromSeconds(30);

    private readonly Dice _dice = new(life.Plan.Seed, 7 + name.Length);
    private readonly List<Worker> _handling = [];
    private TimeSpan? _next;

    /// <summary>Whether a worker that lives handles a message.</summary>
    public bool IsHandling
    {
        get
        {
            _handling.RemoveAll(static worker => worker.IsDead);
            return _handling.Count > 0;
        }
    }

    /// <summary>Messages on the queue, hidden ones included.</summary>
    public int Waiting => Queue.Count;

    private MessageQueue Queue => life.Account.Queues.QueueOf(name)!;

    /// <summary>How many of its messages have a text in them.</summary>
    public int Count(string text) => Queue.Messages.Count(message => message.Text.Contains(text, StringComparison.Ordinal));

    /// <summary>Makes sure that the next message is fetched in time. To be called whenever a message may have come.</summary>
    public void Look()
    {
        if (Queue.NextVisible is not { } visible)
        {
            return;
        }

        var due = visible - Time.Agenda.Beginning;
        var at = (due > life.Agenda.Now ? due : life.Agenda.Now) + _dice.Seconds(0.01, life.Plan.SlowestPoll);
        if (_next is null || at < _next)
        {
            _next = at;
            life.Agenda.In(at - life.Agenda.Now, null, () => Fetch(at));
        }
    }

    private void Fetch(TimeSpan at)
    {
        if (_next == at)
        {
            _next = null;
            if (life.Workers.Any() is { } worker)
            {
                foreach (var message in Queue.Take(_dice.Between(1, 16), Hidden))
                {
                    _ = HandleAsync(worker, message);
                }

                Look();
            }
            else
            {
                var later = at + TimeSpan.FromSeconds(1);
                _next = later;
                life.Agenda.In(TimeSpan.FromSeconds(1), null, () => Fetch(later));
            }
        }
    }

    private async Task HandleAsync(Worker worker, Message message)
    {
        var receipt = new Receipt(message.Receipt);
        var taken = QueuesModelFactory.QueueMessage(
            message.Id.ToString(), message.Receipt, message.Text, message.DequeueCount, insertedOn: message.InsertedAt, expiresOn: message.ExpiresAt);
        life.Trace.Add(worker.Name, $"takes {message.Text} (try {taken.DequeueCount})");
        if (taken.DequeueCount > MostTries)
        {
            Poison(message, receipt);
            return;
        }

        _handling.Add(worker);
        Renew(worker, message, receipt);
        var failure = await TryAsync(worker, taken);
        _handling.Remove(worker);
        if (failure is not null)
        {
            life.Trace.Add(worker.Name, $"fails at {message.Text}: {failure.GetType().Name} {failure.Message.Split('\n')[0]}");
        }

        // The host's last request about the message may be lost: then it comes again.
        if (!life.Perils.LosesReceipt())
        {
            Settle(message, receipt, failure, taken.DequeueCount);
        }

        receipt.IsOver = true;
        Look();
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a handler throws is a failed try of its message.")]
    private async Task<Exception?> TryAsync(Worker worker, QueueMessage message)
    {
        try
        {
            await worker.HandleAsync(name, message);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private void Settle(Message message, Receipt receipt, Exception? failure, long tries)
    {
        if (failure is not null && tries >= MostTries)
        {
            Poison(message, receipt);
        }
        else if (Find(message, receipt) is { } standing)
        {
            if (failure is null)
            {
                Queue.Remove(standing);
            }
            else
            {
                standing.Hide(life.Agenda.UtcNow + ComesBackAfter);
            }
        }
    }

    private void Poison(Message message, Receipt receipt)
    {
        if (Find(message, receipt) is { } standing)
        {
            life.Trace.Add("host", $"puts {message.Text} on {poison}");
            life.Account.Queues.QueueOf(poison)!.Put(message.Text, TimeSpan.Zero, null);
            Queue.Remove(standing);
        }
    }

    private void Renew(Worker worker, Message message, Receipt receipt) => life.Agenda.In(Hidden / 2, worker, () =>
    {
        if (!receipt.IsOver && Find(message, receipt) is { } standing)
        {
            standing.Hide(life.Agenda.UtcNow + Hidden);
            receipt.Text = standing.Receipt;
            Renew(worker, message, receipt);
        }
    });

    private Message? Find(Message message, Receipt receipt)
    {
        try
        {
            return Queue.Find(message.Id, receipt.Text);
        }
        catch (StorageException)
        {
            return null;
        }
    }

    private sealed class Receipt(string text)
    {
        public string Text { get; set; } = text;

        public bool IsOver { get; set; }
    }
}
