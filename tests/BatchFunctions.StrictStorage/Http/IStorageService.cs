namespace BatchFunctions.StrictStorage.Http;

/// <summary>One of the account's three services. It is asked one request at a time.</summary>
internal interface IStorageService
{
    /// <summary>Carries a request out.</summary>
    /// <exception cref="StorageException">The request is refused, and has changed nothing.</exception>
    StorageResponse Answer(StorageRequest request);
}
