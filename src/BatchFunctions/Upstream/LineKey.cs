using BatchFunctions.Ids;

namespace BatchFunctions.Upstream;

/// <summary>Identifies a line, in whichever run of its chunk it is sent.</summary>
/// <param name="Batch">Its batch.</param>
/// <param name="Chunk">The number of its chunk.</param>
/// <param name="Index">Its index in the chunk.</param>
internal readonly record struct LineKey(BatchKey Batch, int Chunk, int Index);
