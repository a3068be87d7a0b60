namespace BatchFunctions.Storage;

/// <summary>A row was changed by others during each of a bounded number of tries; the caller may try again.</summary>
internal sealed class ConcurrencyException(string what)
    : Exception($"{what} is being changed by others; the change was given up after several tries.");
