namespace BatchFunctions.Processing;

/// <summary>How a run of a chunk came to its end.</summary>
internal enum ChunkRunEnd
{
    /// <summary>Every line is done, or closed: the row says so.</summary>
    Ended,

    /// <summary>Given up to another run; a message is owed.</summary>
    HandedOver,

    /// <summary>Another claim has overtaken this one; whoever holds it drives the chunk.</summary>
    Overtaken,
}
