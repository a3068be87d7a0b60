namespace BatchFunctions.Storage;

/// <summary>A row changed under every one of a bounded number of tries; whoever asked may ask again.</summary>
internal sealed class ConcurrencyException(string what)
    : Exception($"{what} is being changed by others; the change was given up after several tries.");
