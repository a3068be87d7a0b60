namespace BatchFunctions.Storage;

/// <summary>Storage did not answer, or answered that it cannot; what was asked may or may not have been done.</summary>
internal sealed class StorageUnavailableException(Exception inner)
    : Exception("Storage is not available at the moment.", inner);
