namespace BatchFunctions.Storage;

/// <summary>
/// Storage did not answer, or answered with a failure of its own; the request may or may not have taken effect.
/// </summary>
internal sealed class StorageUnavailableException(Exception inner)
    : Exception("Storage is not available at the moment.", inner);
