using BatchFunctions.Memory;
using BatchFunctions.Upstream;

namespace BatchFunctions.Processing;

/// <summary>
/// Results of lines that wait for the next checkpoint. Lines add to it side by side; a checkpoint takes what there is,
/// and the lines that come after it go into the next segment. While they are full no further line should be sent.
/// </summary>
internal sealed class LineResults(LinesLeft left, ResultBacklog backlog, ByteBudget memory) : IDisposable
{
    /// <summary>Results that wait for a checkpoint come to no more than this before one is made early.</summary>
    private const long BytesLimit = 4 * 1024 * 1024;

    private readonly Lock _lock = new();
    private ChunkSegment _open = new(backlog, memory);
    /// <summary>Ends when the results are taken; null while there is room for more.</summary>
    private TaskCompletionSource? _room;
    private TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool HasLines
    {
        get
        {
            lock (_lock)
            {
                return _open.Lines.Count > 0;
            }
        }
    }

    /// <summary>Whether so much waits, here or in the whole process, that a checkpoint is due for its size alone.</summary>
    public bool IsFull
    {
        get
        {
            lock (_lock)
            {
                return _open.Bytes >= BytesLimit || (backlog.IsFull && _open.Lines.Count > 0);
            }
        }
    }

    /// <summary>Ends when a line has come in and found, or made, the results <see cref="IsFull">full</see>.</summary>
    public Task WhenFull => Volatile.Read(ref _full).Task;

    /// <summary>
    /// Has <see cref="WhenFull"/> wait for a further line: called as a checkpoint begins, so that one which fails is not
    /// tried again at once for being full still.
    /// </summary>
    public void Rearm() =>
        Volatile.Write(ref _full, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Waits while the results are full, and while storage is behind.</summary>
    public async Task WhenRoomAsync(CancellationToken ct)
    {
        if (Volatile.Read(ref _room) is { } room)
        {
            await room.Task.WaitAsync(ct);
        }

        await backlog.WhenRoomAsync(ct);
    }

    /// <summary>Adds a line's result to the next checkpoint.</summary>
    /// <param name="line">The line's index.</param>
    /// <param name="memory">What the line held of the process's memory: the result holds it from now on.</param>
    /// <param name="write">Writes the result, all of it or nothing.</param>
    public void Add(int line, LineMemory memory, Action<ChunkSegment> write)
    {
        lock (_lock)
        {
            _open.Write(memory, write);
            left.End(line);
            if (_open.Bytes >= BytesLimit)
            {
                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        if (IsFull)
        {
            Volatile.Read(ref _full).TrySetResult();
        }
    }

    /// <summary>Adds what is written for lines that will never be sent.</summary>
    public Task AddUnfinishedAsync(Func<ChunkSegment, Task> write)
    {
        // All calls have ended by now, so nobody else writes into the segment.
        return write(_open);
    }

    /// <summary>Takes all that has come in. The segment is the caller's from now on.</summary>
    public ChunkSegment Seal()
    {
        lock (_lock)
        {
            var taken = _open;
            _open = new ChunkSegment(backlog, memory);
            _room?.TrySetResult();
            _room = null;
            return taken;
        }
    }

    public void Dispose() => _open.Dispose();
}
