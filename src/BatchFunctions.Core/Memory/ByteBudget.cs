namespace BatchFunctions.Memory;

/// <summary>
/// Bytes that may be held at once, shared by all who hold them. Who asks for more than is left waits, first come, first served;
/// those who hold some already, and cannot go on without more, come first. One share at a time may go beyond the total, until it
/// is given back: else all could wait for each other, and what is larger than the whole could never be held.
/// </summary>
/// <param name="total">The bytes that may be held, save for what one share has beyond them.</param>
internal sealed class ByteBudget(long total)
{
    /// <summary>What <see cref="Lower"/> leaves at least.</summary>
    public const long Least = 8 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _growing = [];
    private readonly LinkedList<Waiter> _taking = [];
    private long _total = total;
    private long _used;
    private long _peak;
    private ByteShare? _beyond;

    /// <summary>The bytes that may be held.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>The bytes that are held.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>The most bytes that were held at once since this was last asked.</summary>
    public long TakePeak() => Interlocked.Exchange(ref _peak, 0);

    /// <summary>How many wait for bytes.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _growing.Count + _taking.Count;
            }
        }
    }

    /// <summary>Waits until so many bytes may be held.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="ct">Ends the wait; then nothing is held.</param>
    /// <returns>The share, to be disposed of when the bytes are given up.</returns>
    public async ValueTask<ByteShare> TakeAsync(long bytes, CancellationToken ct)
    {
        var share = new ByteShare(this);
        await WaitAsync(share, bytes, _taking, ct);
        return share;
    }

    /// <summary>A share that holds nothing yet.</summary>
    public ByteShare Open() => new(this);

    /// <summary>Halves the total: there was less memory than was thought.</summary>
    public void Lower() => Resize(Math.Max(Math.Min(Least, Total), Total / 2));

    /// <summary>Sets how much may be held from now on. What is held already is held.</summary>
    public void Resize(long bytes)
    {
        lock (_lock)
        {
            _total = bytes;
            _beyond = _used <= _total ? null : _beyond;
            Serve();
        }
    }

    internal ValueTask GrowAsync(ByteShare share, long bytes, CancellationToken ct) => WaitAsync(share, bytes, _growing, ct);

    internal void Set(ByteShare share, long bytes)
    {
        lock (_lock)
        {
            Change(share, bytes);
            Serve();
        }
    }

    internal void Move(ByteShare from, ByteShare to)
    {
        lock (_lock)
        {
            to.Bytes += from.Bytes;
            from.Bytes = 0;
            _beyond = _beyond == from ? to : _beyond;
        }
    }

    private ValueTask WaitAsync(ByteShare share, long bytes, LinkedList<Waiter> queue, CancellationToken ct)
    {
        Waiter waiter;
        lock (_lock)
        {
            if (bytes <= share.Bytes || share == _beyond)
            {
                Change(share, Math.Max(bytes, share.Bytes));
                return ValueTask.CompletedTask;
            }

            waiter = new Waiter(share, bytes);
            queue.AddLast(waiter.Node);
            Serve();
        }

        return waiter.Source.Task.IsCompleted ? ValueTask.CompletedTask : new ValueTask(WaitAsync(waiter, ct));
    }

    private async Task WaitAsync(Waiter waiter, CancellationToken ct)
    {
        await using var registration = ct.UnsafeRegister((_, token) => Cancel(waiter, token), null);
        await waiter.Source.Task;
    }

    private void Cancel(Waiter waiter, CancellationToken ct)
    {
        lock (_lock)
        {
            if (waiter.Source.TrySetCanceled(ct))
            {
                waiter.Node.List?.Remove(waiter.Node);
                Serve();
            }
        }
    }

    private void Change(ByteShare share, long bytes)
    {
        _used += bytes - share.Bytes;
        _peak = Math.Max(_peak, _used);
        share.Bytes = bytes;
        if (_used <= _total || (share == _beyond && bytes == 0))
        {
            _beyond = null;
        }
    }

    private void Serve()
    {
        while ((_growing.First ?? _taking.First)?.Value is { } next)
        {
            if (_used - next.Share.Bytes + next.Bytes > _total)
            {
                if (_beyond is not null)
                {
                    return;
                }

                _beyond = next.Share;
            }

            next.Node.List!.Remove(next.Node);
            Change(next.Share, next.Bytes);
            next.Source.TrySetResult();
        }
    }

    private sealed class Waiter
    {
        public Waiter(ByteShare share, long bytes)
        {
            Share = share;
            Bytes = bytes;
            Node = new LinkedListNode<Waiter>(this);
        }

        public ByteShare Share { get; }

        public long Bytes { get; }

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
