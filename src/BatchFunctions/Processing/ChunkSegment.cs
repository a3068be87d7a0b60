using BatchFunctions.Chunks;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using BatchFunctions.Upstream;

namespace BatchFunctions.Processing;

/// <summary>
/// Lines that have come to an end since the last checkpoint: what the next checkpoint stages and commits. Once it has
/// been given block ids its content is final, so that no block is ever staged twice with other content.
/// </summary>
/// <param name="backlog">Is told what waits here; null where nothing does.</param>
/// <param name="memory">What the results are held by; null where they are few.</param>
internal sealed class ChunkSegment(ResultBacklog? backlog = null, ByteBudget? memory = null) : IDisposable
{
    private readonly List<int> _lines = [];
    private readonly ByteShare? _memory = memory?.Open();
    private long _waiting;

    public ByteBlocks Output { get; } = new();

    public ByteBlocks Error { get; } = new();

    public IReadOnlyList<int> Lines => _lines;

    public int Completed { get; private set; }

    public int Failed { get; private set; }

    public TokenUsage Usage { get; private set; }

    /// <summary>The blocks that hold <see cref="Output"/>, once they have been named.</summary>
    public SegmentBlocks? OutputBlocks { get; set; }

    /// <summary>The blocks that hold <see cref="Error"/>, once they have been named.</summary>
    public SegmentBlocks? ErrorBlocks { get; set; }

    public long Bytes => Output.Count + Error.Count;

    /// <summary>Writes a line's result, all of it or nothing: what was written by one that throws is taken back.</summary>
    /// <param name="held">What the line held of the process's memory: the result holds it from now on.</param>
    /// <param name="write">Writes the result.</param>
    public void Write(LineMemory held, Action<ChunkSegment> write)
    {
        var (output, error) = (Output.Count, Error.Count);
        try
        {
            write(this);
            var written = Bytes - output - error;
            _waiting += written;
            backlog?.Add(written);
            if (_memory is not null)
            {
                held.MoveTo(_memory, written);
            }
        }
        catch
        {
            Output.Truncate(output);
            Error.Truncate(error);
            throw;
        }
    }

    public void AddCompleted(int line, TokenUsage usage)
    {
        _lines.Add(line);
        Completed++;
        Usage += usage;
    }

    public void AddFailed(int line, TokenUsage usage)
    {
        _lines.Add(line);
        Failed++;
        Usage += usage;
    }

    /// <summary>A line that never ran: counted neither as completed nor as failed.</summary>
    public void AddUnfinished(int line) => _lines.Add(line);

    /// <summary>The chunk as it stands once this segment is committed.</summary>
    public Chunk ApplyTo(Chunk chunk) => chunk with
    {
        Done = chunk.Done.With(_lines),
        OutputBlocks = [.. chunk.OutputBlocks, .. OutputBlocks?.Named ?? []],
        ErrorBlocks = [.. chunk.ErrorBlocks, .. ErrorBlocks?.Named ?? []],
        OutputBytes = chunk.OutputBytes + Output.Count,
        ErrorBytes = chunk.ErrorBytes + Error.Count,
        Completed = chunk.Completed + Completed,
        Failed = chunk.Failed + Failed,
        Usage = chunk.Usage + Usage,
    };

    public void Dispose()
    {
        backlog?.Add(-_waiting);
        _waiting = 0;
        _memory?.Dispose();
        Output.Dispose();
        Error.Dispose();
    }
}
