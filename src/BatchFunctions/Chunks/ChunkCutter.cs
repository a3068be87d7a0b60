using BatchFunctions.Batches;
using BatchFunctions.Configuration;

namespace BatchFunctions.Chunks;

/// <summary>
/// Cuts an input into chunks, by the sizes that the batch's row carries: the same input gives the same chunks whenever it
/// is cut. A small batch is cut finely, so that many workers share it. A large one has workers enough with fewer chunks,
/// and each chunk costs a dozen requests to storage however long it is: there neighbours are joined, until there are
/// about as many as <see cref="Batch.ChunkTarget"/> says.
/// </summary>
/// <param name="batch">Whose input it is.</param>
internal sealed class ChunkCutter(Batch batch)
{
    private readonly List<Chunk> _chunks = [];
    private Chunk? _open;

    /// <summary>Lines so far.</summary>
    public int Lines { get; private set; }

    /// <summary>Adds the next line.</summary>
    /// <param name="offset">Where its first byte stands.</param>
    /// <param name="end">Where the first byte behind its ending stands.</param>
    public void Add(long offset, long end)
    {
        if (_open is { } full && (full.Lines == batch.ChunkLines || end - full.Offset > batch.ChunkBytes))
        {
            _chunks.Add(full);
            _open = null;
        }

        _open = _open is { } open
            ? open with { Lines = open.Lines + 1, Length = end - open.Offset }
            : new Chunk
            {
                Batch = batch.Key,
                Number = _chunks.Count,
                Offset = offset,
                Length = end - offset,
                Lines = 1,
                LinesBefore = Lines,
            };
        Lines++;
    }

    /// <summary>The chunks of all lines that were added, in order.</summary>
    public IReadOnlyList<Chunk> End()
    {
        if (_open is { } open)
        {
            _chunks.Add(open);
            _open = null;
        }

        var joined = Math.Min(((_chunks.Count - 1) / batch.ChunkTarget) + 1, BatchOptions.LongestChunk / batch.ChunkLines);
        return joined <= 1 ? _chunks : Join(joined);
    }

    private List<Chunk> Join(int most)
    {
        var chunks = new List<Chunk>();
        var count = 0;
        foreach (var next in _chunks)
        {
            if (count > 0 && count < most && next.Offset + next.Length - chunks[^1].Offset <= batch.ChunkBytes)
            {
                chunks[^1] = chunks[^1] with
                {
                    Lines = chunks[^1].Lines + next.Lines,
                    Length = next.Offset + next.Length - chunks[^1].Offset,
                };
                count++;
            }
            else
            {
                chunks.Add(next with { Number = chunks.Count });
                count = 1;
            }
        }

        return chunks;
    }
}
