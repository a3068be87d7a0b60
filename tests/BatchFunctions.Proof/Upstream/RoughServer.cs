namespace BatchFunctions.Proof.Upstream;

/// <summary>What a rough upstream knows of itself from one call to the next. Its clock begins with the first call.</summary>
internal sealed class RoughServer
{
    private readonly Dictionary<string, Queue<TimeSpan>> _granted = [];

    /// <summary>Calls that are being worked on.</summary>
    public int InFlight { get; set; }

    /// <summary>How often it has died: who was in flight then gets no answer.</summary>
    public int Deaths { get; private set; }

    /// <summary>Until when it refuses connections.</summary>
    public TimeSpan DownUntil { get; private set; }

    /// <summary>Breaks all connections, and refuses new ones for a while.</summary>
    public void Die(TimeSpan now, TimeSpan down)
    {
        Deaths++;
        DownUntil = now + down;
    }

    /// <summary>Whether one more call is within a limit, over a window that slides.</summary>
    public bool IsWithin(string limit, int calls, TimeSpan window, TimeSpan now)
    {
        if (!_granted.TryGetValue(limit, out var granted))
        {
            _granted[limit] = granted = new Queue<TimeSpan>();
        }

        while (granted.TryPeek(out var oldest) && now - oldest >= window)
        {
            granted.Dequeue();
        }

        if (granted.Count >= calls)
        {
            return false;
        }

        granted.Enqueue(now);
        return true;
    }
}
