namespace BatchFunctions.Processing;

/// <summary>How a run of a chunk came to its end.</summary>
internal enum ChunkRunEnd
{
    /// <summary>Every line is done, or closed: the row says so.</summary>
    Ended,

    /// <summary>Given up to another run; a message is owed.</summary>
    HandedOver,

    /// <summary>Given up until its upstream is back, for which others ask: no message is owed, if it is noted that the chunk waits.</summary>
    Waits,

    /// <summary>Another claim has overtaken this one; whoever holds it drives the chunk.</summary>
    Overtaken,
}
