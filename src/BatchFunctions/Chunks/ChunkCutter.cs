using BatchFunctions.Batches;
using BatchFunctions.Configuration;

namespace BatchFunctions.Chunks;

/// <summary>
/// Cuts an input into chunks by the sizes in the batch's row, so that the same input always gives the same chunks. A
/// small batch is cut finely, so that many workers can share it. A large one keeps enough workers busy with fewer
/// chunks, and each chunk costs a dozen storage requests however long it is: so neighbouring chunks are joined, until
/// there are about <see cref="Batch.ChunkTarget"/>.
/// </summary>
/// <param name="batch">The batch whose input is cut.</param>
internal sealed class ChunkCutter(Batch batch)
{
    private readonly List<Chunk> _chunks = [];
    private Chunk? _open;

    /// <summary>Lines added so far.</summary>
    public int Lines { get; private set; }

    /// <summary>Adds the next line.</summary>
    /// <param name="offset">The position in the input of its first byte.</param>
    /// <param name="end">The position of the first byte after its line ending.</param>
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

    /// <summary>The chunks of all lines added, in order.</summary>
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
