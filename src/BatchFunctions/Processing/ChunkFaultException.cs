namespace BatchFunctions.Processing;

/// <summary>A run ended for a reason that no rule covers; the lines that were answered are committed.</summary>
internal sealed class ChunkFaultException(Exception inner)
    : Exception("A chunk's run came to an end that it should not.", inner);
