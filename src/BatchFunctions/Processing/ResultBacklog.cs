using BatchFunctions.Memory;
using BatchFunctions.Storage;

namespace BatchFunctions.Processing;

/// <summary>
/// The results of the process that storage has not taken yet, and how fast it takes them. What would have to wait for long is
/// not bought: a crash would buy it again. One for the process.
/// </summary>
internal sealed class ResultBacklog(TimeProvider time)
{
    /// <summary>How much may wait however slow storage is, in bytes.</summary>
    public const long Least = 4 * 1024 * 1024;

    /// <summary>For how long storage may be behind.</summary>
    private static readonly TimeSpan Behind = TimeSpan.FromSeconds(10);

    /// <summary>Bytes on their way to storage at once, at most: a few blocks. More would only make each take longer.</summary>
    private const long MostOnTheWay = 8 * 1024 * 1024;

    /// <summary>A block's size at least, at most, and by how fast storage is.</summary>
    private const long SmallestBlock = 256 * 1024;
    private const long LargestBlock = 4 * 1024 * 1024;
    private static readonly TimeSpan OfBlock = TimeSpan.FromSeconds(5);

    /// <summary>What takes longer was sent beside too much.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);

    /// <summary>A smaller block says how far storage is, and not how fast; unless it takes long.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    private readonly ByteBudget _way = new(MostOnTheWay);
    private readonly Lock _lock = new();
    private TaskCompletionSource? _room;
    private long _waiting;
    private int _onTheWay;
    private double _bytesPerSecond = double.PositiveInfinity;
    private long _narrowedAt;

    /// <summary>Whether no further line should be sent.</summary>
    public bool IsFull
    {
        get
        {
            lock (_lock)
            {
                return _waiting > Most;
            }
        }
    }

    /// <summary>The size of a block that storage takes in a few seconds, in bytes.</summary>
    public long BlockBytes
    {
        get
        {
            lock (_lock)
            {
                return (long)Math.Clamp(_bytesPerSecond * OfBlock.TotalSeconds, SmallestBlock, LargestBlock);
            }
        }
    }

    private double Most => Math.Max(Least, _bytesPerSecond * Behind.TotalSeconds);

    /// <summary>Waits until a further line may be sent.</summary>
    public async Task WhenRoomAsync(CancellationToken ct)
    {
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (_waiting <= Most)
                {
                    return;
                }

                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
            }

            await room.WaitAsync(ct);
        }
    }

    /// <summary>Results came in, or were put away or given up.</summary>
    /// <param name="bytes">How many bytes; negative where they are no longer waiting.</param>
    public void Add(long bytes)
    {
        lock (_lock)
        {
            _waiting += bytes;
            if (_waiting <= Most)
            {
                _room?.TrySetResult();
                _room = null;
            }
        }
    }

    /// <summary>Puts a block away, when it is its turn.</summary>
    /// <param name="bytes">The block's size.</param>
    /// <param name="stage">Sends it to storage.</param>
    /// <param name="ct">Ends the wait for the turn.</param>
    public async Task PutAwayAsync(long bytes, Func<Task> stage, CancellationToken ct)
    {
        using var turn = await _way.TakeAsync(bytes, ct);
        var beside = Interlocked.Increment(ref _onTheWay);
        var began = time.GetTimestamp();
        try
        {
            await stage();
            Note(bytes, beside, time.GetElapsedTime(began));
            Widen(bytes, began);
        }
        catch (Exception e) when (StorageFaults.IsFault(e))
        {
            NoteFault();
            Narrow(began);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _onTheWay);
        }
    }

    private void Note(long bytes, int beside, TimeSpan took)
    {
        var isTelling = bytes >= SmallestBlock || took >= Long;
        var rate = isTelling ? bytes * beside / Math.Max(took.TotalSeconds, 0.001) : double.PositiveInfinity;
        lock (_lock)
        {
            if (_bytesPerSecond is 0 or double.PositiveInfinity)
            {
                _bytesPerSecond = rate;
            }
            else if (isTelling)
            {
                _bytesPerSecond = (_bytesPerSecond + rate) / 2;
            }
        }

        Add(0);
    }

    /// <summary>As TCP does it: more by and by while it goes well, half as much when it does not.</summary>
    private void Widen(long bytes, long began)
    {
        if (time.GetElapsedTime(began) >= Slow)
        {
            Narrow(began);
        }
        else if (_way.Total < MostOnTheWay)
        {
            _way.Resize(Math.Min(MostOnTheWay, _way.Total + (bytes / 4)));
        }
    }

    private void Narrow(long began)
    {
        lock (_lock)
        {
            // What was on the way together is slow together.
            if (began >= _narrowedAt)
            {
                _narrowedAt = time.GetTimestamp();
                _way.Resize(Math.Max(SmallestBlock, _way.Total / 2));
            }
        }
    }

    private void NoteFault()
    {
        lock (_lock)
        {
            _bytesPerSecond = 0;
        }
    }
}
