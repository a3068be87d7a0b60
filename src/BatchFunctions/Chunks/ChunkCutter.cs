using System.Runtime.InteropServices;
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
    private readonly List<Cut> _cuts = [];

    /// <summary>Lines added so far.</summary>
    public int Lines { get; private set; }

    /// <summary>Adds the next line.</summary>
    /// <param name="offset">The position in the input of its first byte.</param>
    /// <param name="end">The position of the first byte after its line ending.</param>
    public void Add(long offset, long end)
    {
        Lines++;
        var cuts = CollectionsMarshal.AsSpan(_cuts);
        if (cuts is [.., var open] && open.Lines < batch.ChunkLines && end - open.Offset <= batch.ChunkBytes)
        {
            cuts[^1] = open with { Lines = open.Lines + 1, End = end };
        }
        else
        {
            _cuts.Add(new Cut(offset, end, 1));
        }
    }

    /// <summary>The chunks of all lines added, in order.</summary>
    public IReadOnlyList<Chunk> End()
    {
        var most = Math.Min(((_cuts.Count - 1) / batch.ChunkTarget) + 1, BatchOptions.LongestChunk / batch.ChunkLines);
        var chunks = new List<Chunk>();
        var before = 0;
        foreach (var cut in most <= 1 ? _cuts : Join(most))
        {
            chunks.Add(new Chunk
            {
                Batch = batch.Key,
                Number = chunks.Count,
                Offset = cut.Offset,
                Length = cut.End - cut.Offset,
                Lines = cut.Lines,
                LinesBefore = before,
            });
            before += cut.Lines;
        }

        return chunks;
    }

    private List<Cut> Join(int most)
    {
        var joined = new List<Cut>();
        var count = 0;
        foreach (var next in _cuts)
        {
            if (count > 0 && count < most && next.End - joined[^1].Offset <= batch.ChunkBytes)
            {
                joined[^1] = joined[^1] with { Lines = joined[^1].Lines + next.Lines, End = next.End };
                count++;
            }
            else
            {
                joined.Add(next);
                count = 1;
            }
        }

        return joined;
    }

    /// <summary>Consecutive lines, from the first byte of the first to the byte behind the last.</summary>
    private readonly record struct Cut(long Offset, long End, int Lines);
}
