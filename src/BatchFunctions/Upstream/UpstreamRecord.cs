namespace BatchFunctions.Upstream;

/// <summary>
/// What this process has lately seen of the upstream: how many lines went through and how long they took, and how many failed
/// since one last did. A line's fault is told from the upstream's by it.
/// </summary>
internal sealed class UpstreamRecord
{
    /// <summary>Of how many lines it is remembered how long they took.</summary>
    private const int Remembered = 16;

    /// <summary>Lines that may be all that is left of their batches.</summary>
    private const int Few = 8;

    private readonly Lock _lock = new();
    private readonly HashSet<LineKey> _failed = [];
    private readonly Queue<TimeSpan> _took = new(Remembered);
    private long _through;
    private int _lastThrough;
    private DateTimeOffset _lastThroughSent = DateTimeOffset.MinValue;
    private int _lastBroken;
    private int _faultsInARow;
    private (ulong Words, DateTimeOffset Since)? _explained;

    /// <summary>Lines that went through: answered in a way that only an upstream that works answers.</summary>
    public long Through => Interlocked.Read(ref _through);

    /// <summary>The upstream's faults since a line last went through.</summary>
    public int FaultsInARow => Volatile.Read(ref _faultsInARow);

    /// <summary>The longest that one of the last lines took which went through.</summary>
    public TimeSpan Slowest
    {
        get
        {
            lock (_lock)
            {
                return _took.Count == 0 ? TimeSpan.Zero : _took.Max();
            }
        }
    }

    /// <summary>
    /// The number of the last attempt that went through, by when it was sent: an answer to a line that was sent long ago says
    /// nothing about what one sent since has met.
    /// </summary>
    public int LastThrough => Volatile.Read(ref _lastThrough);

    /// <summary>When that attempt was sent; <see cref="DateTimeOffset.MinValue"/> before there was one.</summary>
    public DateTimeOffset LastThroughSent
    {
        get
        {
            lock (_lock)
            {
                return _lastThroughSent;
            }
        }
    }

    /// <summary>Whether a line went through that was sent after the last one under which a connection broke.</summary>
    public bool HasRecovered
    {
        get
        {
            lock (_lock)
            {
                return _lastThrough > _lastBroken;
            }
        }
    }

    /// <summary>A connection broke under a line.</summary>
    /// <param name="number">The attempt's number, in the order of sending.</param>
    public void Broken(int number)
    {
        lock (_lock)
        {
            _lastBroken = Math.Max(_lastBroken, number);
        }
    }

    /// <summary>A line went through.</summary>
    /// <param name="number">The attempt's number, in the order of sending.</param>
    /// <param name="took">How long it took.</param>
    /// <param name="now">When it was answered.</param>
    public void Passed(int number, TimeSpan took, DateTimeOffset now)
    {
        Interlocked.Increment(ref _through);
        Volatile.Write(ref _faultsInARow, 0);
        lock (_lock)
        {
            if (number > _lastThrough)
            {
                Volatile.Write(ref _lastThrough, number);
                _lastThroughSent = now - took;
            }

            _failed.Clear();
            if (_took.Count == Remembered)
            {
                _took.Dequeue();
            }

            _took.Enqueue(took);
        }
    }

    /// <summary>Whether a line was ever answered with a success to keep.</summary>
    public bool HasSucceeded { get; private set; }

    /// <summary>A line was answered with a success to keep: what the upstream explained before has passed.</summary>
    public void Succeeded()
    {
        lock (_lock)
        {
            HasSucceeded = true;
            _explained = null;
        }
    }

    /// <summary>The upstream explains why it does not serve a line.</summary>
    /// <param name="words">A hash of what it says.</param>
    /// <param name="now">When.</param>
    /// <returns>For how long it has said so, and nothing else of the kind, with no success in between.</returns>
    public TimeSpan Explained(ulong words, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_explained?.Words != words)
            {
                _explained = (words, now);
            }

            return now - _explained.Value.Since;
        }
    }

    /// <summary>A line was answered with a success that is not one to keep: the upstream works, and the line did not go through.</summary>
    public void Answered() => Volatile.Write(ref _faultsInARow, 0);

    /// <summary>The upstream failed a line.</summary>
    public void Failed(LineKey line)
    {
        Interlocked.Increment(ref _faultsInARow);
        lock (_lock)
        {
            if (_failed.Count <= Few)
            {
                _failed.Add(line);
            }
        }
    }

    /// <summary>Whether only few lines have failed since one last went through, so that there may be none to compare them with.</summary>
    public bool AreFew
    {
        get
        {
            lock (_lock)
            {
                return _failed.Count <= Few;
            }
        }
    }
}
