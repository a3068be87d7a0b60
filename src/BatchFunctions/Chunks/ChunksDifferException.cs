namespace BatchFunctions.Chunks;

/// <summary>
/// An input was cut into different chunks before: by another version of the service, or under settings that the batch's
/// row does not carry. The batch cannot run with both.
/// </summary>
internal sealed class ChunksDifferException(string batchId, int number)
    : Exception($"Batch {batchId}, chunk {number}: the input has been cut into other chunks before.");
