using BatchFunctions.Storage;

namespace BatchFunctions.Wakeups;

/// <summary>Looks at all queues, poison queues included.</summary>
internal sealed class QueueStates(StorageClients storage, TimeProvider time)
{
    public async Task<IReadOnlyList<QueueState>> ReadAsync(CancellationToken ct)
    {
        var states = new List<QueueState>();
        foreach (var name in QueueNames.All)
        {
            states.Add(await ReadAsync(name, ct));
        }

        return states;
    }

    private async Task<QueueState> ReadAsync(string name, CancellationToken ct)
    {
        var queue = storage.Queues.GetQueueClient(name);
        var properties = await queue.GetPropertiesAsync(ct);
        var depth = properties.Value.ApproximateMessagesCount;
        var oldest = TimeSpan.Zero;
        if (depth > 0)
        {
            // Only visible messages can be peeked at, so deliberately delayed ones do not count as waiting.
            var head = await queue.PeekMessageAsync(ct);
            oldest = head.Value?.InsertedOn is { } since ? time.GetUtcNow() - since : TimeSpan.Zero;
        }

        return new QueueState(name, depth, oldest > TimeSpan.Zero ? oldest : TimeSpan.Zero);
    }
}

/// <summary>The state of a queue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Messages">About how many messages it has, delayed ones included.</param>
/// <param name="OldestAge">The age of the message at its head; zero if none waits.</param>
internal sealed record QueueState(string Name, int Messages, TimeSpan OldestAge);
