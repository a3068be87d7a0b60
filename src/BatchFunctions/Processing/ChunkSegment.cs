using BatchFunctions.Chunks;
using BatchFunctions.Lines;
using Microsoft.IO;

namespace BatchFunctions.Processing;

/// <summary>
/// Lines that have come to an end since the last checkpoint: what the next checkpoint stages and commits. Once it has
/// been given block ids its content is final, so that no block is ever staged twice with other content.
/// </summary>
internal sealed class ChunkSegment : IDisposable
{
    private static readonly RecyclableMemoryStreamManager Streams = new(
        new RecyclableMemoryStreamManager.Options
        {
            BlockSize = 64 * 1024,
            LargeBufferMultiple = 1024 * 1024,
            MaximumBufferSize = 64 * 1024 * 1024,
            MaximumSmallPoolFreeBytes = 32 * 1024 * 1024,
            MaximumLargePoolFreeBytes = 32 * 1024 * 1024,
        });

    private readonly List<int> _lines = [];

    public RecyclableMemoryStream Output { get; } = Streams.GetStream();

    public RecyclableMemoryStream Error { get; } = Streams.GetStream();

    public IReadOnlyList<int> Lines => _lines;

    public int Completed { get; private set; }

    public int Failed { get; private set; }

    public TokenUsage Usage { get; private set; }

    /// <summary>The block that holds <see cref="Output"/>, once it has been named.</summary>
    public BlockRef? OutputBlock { get; set; }

    /// <summary>The block that holds <see cref="Error"/>, once it has been named.</summary>
    public BlockRef? ErrorBlock { get; set; }

    public long Bytes => Output.Length + Error.Length;

    /// <summary>Writes a line's result, all of it or nothing: what was written by one that throws is taken back.</summary>
    public void Write(Action<ChunkSegment> write)
    {
        var (output, error) = (Output.Length, Error.Length);
        try
        {
            write(this);
        }
        catch
        {
            Output.SetLength(output);
            Error.SetLength(error);
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
        OutputBlocks = OutputBlock is { } output ? [.. chunk.OutputBlocks, output] : chunk.OutputBlocks,
        ErrorBlocks = ErrorBlock is { } error ? [.. chunk.ErrorBlocks, error] : chunk.ErrorBlocks,
        OutputBytes = chunk.OutputBytes + Output.Length,
        ErrorBytes = chunk.ErrorBytes + Error.Length,
        Completed = chunk.Completed + Completed,
        Failed = chunk.Failed + Failed,
        Usage = chunk.Usage + Usage,
    };

    public void Dispose()
    {
        Output.Dispose();
        Error.Dispose();
    }
}
