namespace BatchFunctions.Chunks;

/// <summary>
/// An input was cut into chunks before, and otherwise: by another version of the service, or by one with other settings that
/// the batch's row does not carry. It cannot be run by both.
/// </summary>
internal sealed class ChunksDifferException(string batchId, int number)
    : Exception($"Batch {batchId}, chunk {number}: the input has been cut into other chunks before.");
