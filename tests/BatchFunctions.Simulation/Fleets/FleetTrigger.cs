using System.Diagnostics.CodeAnalysis;
using Azure.Storage.Queues.Models;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Workers;
using BatchFunctions.StrictStorage.Http;
using BatchFunctions.StrictStorage.Queues;

namespace BatchFunctions.Simulation.Fleets;

/// <summary>
/// One instance's trigger for one queue, by the numbers of host.json: it fetches sixteen messages at a time while it handles no more than
/// sixty-four, asks again at once where there were some, and half a second later where there were none. Its requests are counted.
/// </summary>
internal sealed class FleetTrigger(Life life, Worker worker, string name, FleetUse use)
{
    private const int BatchSize = 16;
    private const int NewBatchThreshold = 64;
    private static readonly TimeSpan Hidden = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Way = FleetPlan.RequestTime / 2;

    private int _handling;
    private bool _isPolling;

    private MessageQueue Queue => life.Account.Queues.QueueOf(name)!;

    /// <summary>Handlers that threw.</summary>
    public int Failures { get; private set; }

    /// <summary>Begins to poll, somewhere in the first half second.</summary>
    public void Start() => PollIn(Longest * life.Dice.Source.NextDouble());

    private void PollIn(TimeSpan delay)
    {
        if (!_isPolling && _handling <= NewBatchThreshold)
        {
            _isPolling = true;
            life.Agenda.In(delay + Way, worker, Poll);
        }
    }

    private void Poll()
    {
        use.Add(name);
        var messages = Queue.NextVisible <= life.Agenda.UtcNow ? Queue.Take(BatchSize, Hidden) : [];
        _handling += messages.Count;
        life.Agenda.In(Way, worker, () =>
        {
            _isPolling = false;
            foreach (var message in messages)
            {
                _ = HandleAsync(message);
            }

            PollIn(messages.Count > 0 ? TimeSpan.Zero : Longest);
        });
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a handler throws is a failed try of its message.")]
    private async Task HandleAsync(Message message)
    {
        var taken = QueuesModelFactory.QueueMessage(
            message.Id.ToString(), message.Receipt, message.Text, message.DequeueCount, insertedOn: message.InsertedAt, expiresOn: message.ExpiresAt);
        try
        {
            await worker.HandleAsync(name, taken);
            use.Add(name);
            Remove(message);
        }
        catch (Exception)
        {
            Failures++;
            message.Hide(life.Agenda.UtcNow + TimeSpan.FromSeconds(30));
        }

        _handling--;
        PollIn(TimeSpan.Zero);
    }

    private void Remove(Message message)
    {
        try
        {
            Queue.Remove(Queue.Find(message.Id, message.Receipt));
        }
        catch (StorageException)
        {
            // It has been taken away meanwhile.
        }
    }
}
