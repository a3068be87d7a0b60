namespace BatchFunctions.Cli.Api;

/// <summary>Creates a batch, and no second one if an answer is lost.</summary>
internal static class BatchCreation
{
    private const int NewestLooked = 20;

    /// <summary>
    /// Creates a batch. A service that looks at the request's key makes one of it however often it comes. At others, if the answer is
    /// lost, or says that the service failed, the newest batches are searched for one
    /// with the same input before the next try: a second batch would be paid for as well.
    /// </summary>
    /// <param name="client">The service.</param>
    /// <param name="request">
    /// The batch; its input file has just been uploaded, so no other batch has the same one.
    /// </param>
    /// <param name="ct">Cancels the operation.</param>
    public static async Task<Batch> CreateAsync(ApiClient client, BatchRequest request, CancellationToken ct)
    {
        var delay = client.Times.FirstDelay;
        var key = ApiClient.NewKey();
        for (var tried = 0; ; tried++)
        {
            try
            {
                return await client.CreateBatchAsync(request, key, ct);
            }
            catch (ApiException e) when (e.IsPassing && tried < client.Times.Retries)
            {
                await Task.Delay(delay, ct);
                delay *= 2;
                var newest = await client.ListBatchesAsync(NewestLooked, after: null, BatchFilter.None, ct);
                if (newest.Batches.FirstOrDefault(batch => batch.InputFileId == request.InputFileId) is { } made)
                {
                    return made;
                }
            }
        }
    }
}
