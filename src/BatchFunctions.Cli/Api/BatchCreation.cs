namespace BatchFunctions.Cli.Api;

/// <summary>Makes a batch, and not two of them where an answer is lost.</summary>
internal static class BatchCreation
{
    private const int NewestLooked = 20;

    /// <summary>
    /// Asks for a batch. When the answer is lost, or is that the service has failed, the newest batches are searched
    /// for one of the same input before it is asked for again: a second one would be paid for a second time.
    /// </summary>
    /// <param name="client">The service.</param>
    /// <param name="request">The batch; its input file has just been uploaded, so that no other batch has it.</param>
    /// <param name="ct">Ends the wait.</param>
    public static async Task<Batch> CreateAsync(ApiClient client, BatchRequest request, CancellationToken ct)
    {
        var delay = client.Times.FirstDelay;
        for (var tried = 0; ; tried++)
        {
            try
            {
                return await client.CreateBatchAsync(request, ct);
            }
            catch (ApiException e) when (e.IsPassing && tried < client.Times.Retries)
            {
                await Task.Delay(delay, ct);
                delay *= 2;
                var newest = await client.ListBatchesAsync(NewestLooked, after: null, ct);
                if (newest.Batches.FirstOrDefault(batch => batch.InputFileId == request.InputFileId) is { } made)
                {
                    return made;
                }
            }
        }
    }
}
