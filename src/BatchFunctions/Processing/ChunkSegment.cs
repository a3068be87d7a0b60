using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using BatchFunctions.Upstream;

namespace BatchFunctions.Processing;

/// <summary>
/// Lines that have come to an end since the last checkpoint: what the next checkpoint stores and commits. Once it has
/// been named its content is final, so that nothing is ever stored twice under one name with other content.
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

    /// <summary>The lines that failed, by kind.</summary>
    public FailureKinds Failures { get; private set; } = FailureKinds.None;

    /// <summary>What it is stored as, once it has been named; null before that, and where there is nothing to store.</summary>
    public ResultSegment? Named { get; private set; }

    /// <summary><see cref="Output"/> on its way; null where there is none.</summary>
    public SegmentUpload? OutputUpload { get; private set; }

    /// <summary><see cref="Error"/> on its way; null where there is none.</summary>
    public SegmentUpload? ErrorUpload { get; private set; }

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

    /// <summary>A line that was answered with a status that is no success.</summary>
    public void AddRefused(int line, int status, TokenUsage usage)
    {
        _lines.Add(line);
        Failed++;
        Failures = Failures.WithStatus(status);
        Usage += usage;
    }

    /// <summary>A line that failed with a code.</summary>
    public void AddFailed(int line, string code, TokenUsage usage = default)
    {
        _lines.Add(line);
        Failed++;
        Failures = Failures.WithCode(code);
        Usage += usage;
    }

    /// <summary>A line that never ran: counted neither as completed nor as failed.</summary>
    public void AddUnfinished(int line) => _lines.Add(line);

    /// <summary>Gives the segment its name, unless it has one or has nothing to store.</summary>
    /// <param name="chunk">The chunk, as claimed.</param>
    /// <param name="part">The number of the next segment of the claim; it goes up where it is used.</param>
    /// <param name="blockBytes">What goes in one request, at most.</param>
    public void Name(Chunk chunk, ref int part, long blockBytes)
    {
        if (Named is not null || Bytes == 0)
        {
            return;
        }

        Named = new ResultSegment(chunk.Epoch, part++, Output.Count, Completed, Error.Count, _lines.Count - Completed);
        OutputUpload = UploadOf(chunk, ResultFile.Output, Output, blockBytes);
        ErrorUpload = UploadOf(chunk, ResultFile.Error, Error, blockBytes);
    }

    /// <summary>The chunk as it stands once this segment is committed.</summary>
    public Chunk ApplyTo(Chunk chunk) => chunk with
    {
        Done = chunk.Done.With(_lines),
        Segments = Named is { } named ? [.. chunk.Segments, named] : chunk.Segments,
        Completed = chunk.Completed + Completed,
        Failed = chunk.Failed + Failed,
        Failures = chunk.Failures + Failures,
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

    private SegmentUpload? UploadOf(Chunk chunk, ResultFile file, ByteBlocks content, long blockBytes) => content.Count == 0
        ? null
        : new SegmentUpload(
            content,
            FileSegment.At(ResultBlobs.FileOf(chunk.Batch.Id, file), chunk.Number, Named!.Value.Epoch, Named.Value.Part),
            blockBytes);
}
