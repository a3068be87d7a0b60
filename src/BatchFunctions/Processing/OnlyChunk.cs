using BatchFunctions.Chunks;

namespace BatchFunctions.Processing;

/// <summary>The only chunk of a batch, which this process has run to its end: neither it nor what its end leads to is read again.</summary>
/// <param name="Chunk">The chunk, as the write left it that ended it. It does not change any more.</param>
/// <param name="RunSince">When its run began, as a timestamp of the process's clock: the batch was there by then.</param>
internal sealed record OnlyChunk(Chunk Chunk, long RunSince);
