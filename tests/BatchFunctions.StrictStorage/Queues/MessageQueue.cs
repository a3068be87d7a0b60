using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Queues;

/// <summary>A queue's messages, and who may do what with them when.</summary>
internal sealed class MessageQueue(StorageClock clock, StorageChance chance, IReadOnlyDictionary<string, string> metadata)
{
    private readonly Dictionary<Guid, Message> _messages = [];
    private readonly PriorityQueue<Message, DateTimeOffset> _expiring = new();

    /// <summary>By when they become visible, and in the order in which they came.</summary>
    private readonly SortedSet<Message> _byTime = new(Comparer<Message>.Create(static (a, b) =>
        a.VisibleAt.CompareTo(b.VisibleAt) is var order and not 0 ? order : a.Number.CompareTo(b.Number)));

    private long _lastNumber;

    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>Messages that have neither been deleted nor expired, hidden ones included.</summary>
    public int Count
    {
        get
        {
            RemoveExpired();
            return _messages.Count;
        }
    }

    /// <summary>When the first of its messages becomes visible, or did; null if it has none.</summary>
    public DateTimeOffset? NextVisible => _byTime.Min?.VisibleAt;

    /// <summary>All messages, hidden ones included.</summary>
    public IEnumerable<Message> Messages => _messages.Values;

    public Message Put(string text, TimeSpan delay, TimeSpan? life)
    {
        var now = clock.Now;
        var message = new Message(text, now, life is { } lives ? now + lives : Message.Never) { Number = ++_lastNumber };
        message.Hide(now + delay);
        _messages.Add(message.Id, message);
        _byTime.Add(message);
        _expiring.Enqueue(message, message.ExpiresAt);
        message.Moves = Move;
        return message;
    }

    /// <summary>Hands out visible messages, and hides them for a time.</summary>
    public IReadOnlyList<Message> Take(int most, TimeSpan hiddenFor)
    {
        var until = clock.Now + hiddenFor;
        var taken = new List<Message>();
        var visible = Visible();
        while (taken.Count < most && visible.Count > 0)
        {
            var message = visible[chance.NextMessage(visible.Count)];
            visible.Remove(message);
            message.DequeueCount++;
            message.Hide(chance.IsDeliveredTwice() ? clock.Now : until);
            taken.Add(message);
        }

        return taken;
    }

    /// <summary>Visible messages, which stay so.</summary>
    public IEnumerable<Message> Peek(int most) => Visible().Take(most);

    /// <summary>The message by its id and its last receipt, which is good until there is another, even if its time is over.</summary>
    /// <exception cref="StorageException">There is no such message, or it has another receipt.</exception>
    public Message Find(Guid id, string receipt)
    {
        RemoveExpired();
        var message = _messages.GetValueOrDefault(id);
        return message is null ? throw NotFound()
            : message.Receipt == receipt ? message
            : throw (chance.SaysMismatch()
                ? new StorageException(400, "PopReceiptMismatch", "The specified pop receipt did not match the pop receipt for a dequeued message.")
                : NotFound());
    }

    public void Remove(Message message)
    {
        _messages.Remove(message.Id);
        _byTime.Remove(message);
        message.Moves = null;
    }

    public void Clear()
    {
        foreach (var message in _messages.Values.ToList())
        {
            Remove(message);
        }
    }

    private static StorageException NotFound() => new(404, "MessageNotFound", "The specified message does not exist.");

    private List<Message> Visible()
    {
        RemoveExpired();
        var now = clock.Now;
        return [.. _byTime.TakeWhile(message => message.VisibleAt <= now)];
    }

    private void RemoveExpired()
    {
        var now = clock.Now;
        while (_expiring.TryPeek(out var first, out var at) && at <= now)
        {
            _expiring.Dequeue();
            Remove(first);
        }
    }

    private void Move(Message message, bool hasMoved)
    {
        if (hasMoved)
        {
            _byTime.Add(message);
        }
        else
        {
            _byTime.Remove(message);
        }
    }
}
