using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>
/// What a request wants the blob to be before it is read or written
/// (https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations).
/// </summary>
internal static class BlobConditions
{
    private const string Any = "*";

    /// <exception cref="StorageException">The blob is not as it should be.</exception>
    public static void CheckRead(StorageRequest request, Blob blob)
    {
        if (request.Header("If-Match") is { } wanted && wanted != Any && wanted != blob.ETag)
        {
            throw StorageException.NotSatisfied();
        }

        if (request.Header("If-None-Match") is { } unwanted && (unwanted == Any || unwanted == blob.ETag))
        {
            throw new StorageException(304, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.");
        }
    }

    /// <param name="request">The request.</param>
    /// <param name="blob">The blob that would be replaced or deleted; null if there is none.</param>
    /// <exception cref="StorageException">The blob is not as it should be.</exception>
    public static void CheckWrite(StorageRequest request, Blob? blob)
    {
        if (request.Header("If-Match") is { } wanted && (blob is null || (wanted != Any && wanted != blob.ETag)))
        {
            throw StorageException.NotSatisfied();
        }

        if (request.Header("If-None-Match") is { } unwanted && blob is not null)
        {
            throw unwanted == Any
                ? new StorageException(409, "BlobAlreadyExists", "The specified blob already exists.")
                : unwanted == blob.ETag ? StorageException.NotSatisfied() : StorageException.NotBuilt($"If-None-Match with an ETag in {request}");
        }
    }
}
