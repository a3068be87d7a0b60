using Azure;

namespace BatchFunctions.Storage;

/// <summary>Tells storage that is not available (now) from everything else.</summary>
internal static class StorageFaults
{
    /// <summary>Whether the failure is storage's, and trying again later is the answer to it.</summary>
    public static bool IsFault(Exception e) => e switch
    {
        StorageUnavailableException => true,
        RequestFailedException failed => failed.Status is 0 or 408 or 429 || failed.Status >= 500,

        // What the SDK's tries came to, one by one. A try that took too long is a cancellation there; one that the caller
        // cancelled is thrown by itself.
        AggregateException all => all.InnerExceptions.Count > 0
            && all.InnerExceptions.All(one => one is OperationCanceledException || IsFault(one)),
        HttpRequestException or IOException => e is not FileNotFoundException and not InvalidDataException,
        TaskCanceledException { InnerException: TimeoutException } => true,
        _ => false,
    };
}
