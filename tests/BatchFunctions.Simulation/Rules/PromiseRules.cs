using BatchFunctions.Batches;
using BatchFunctions.Simulation.Clients;
using BatchFunctions.Simulation.Lives;

namespace BatchFunctions.Simulation.Rules;

/// <summary>What a client was answered holds: what was made is there, what was cancelled is cancelled, what was deleted is gone.</summary>
internal sealed class PromiseRules(Life life, BatchClient client, ApiClient api)
{
    private const string Rule = "no answered request is undone";

    public async Task CheckAsync()
    {
        var made = life.Watch.Batches.Values.Count(batch => LifeWatch.NumberOf(batch) == client.Plan.Number);
        if (made > client.Creations)
        {
            life.Violate("a creation makes one batch", $"{client.Creations} made {made}");
        }

        if (client.BatchId is { } id)
        {
            if (!life.Watch.Batches.TryGetValue(id, out var batch))
            {
                life.Violate(Rule, $"the batch {id} was made and is not there");
            }
            else if (client.IsCancelAnswered && batch.Status is not (BatchStatus.Cancelled or BatchStatus.Failed))
            {
                life.Violate(Rule, $"the batch {id} was cancelled and is {batch.Status}");
            }
            else if (batch.Status == BatchStatus.Cancelled && !client.AskedToCancel)
            {
                life.Violate("no batch is cancelled that nobody cancelled", id);
            }
        }

        foreach (var deleted in client.DeletedBatches)
        {
            await CheckDeletedAsync(deleted);
        }

        foreach (var retry in client.Retries)
        {
            CheckRetry(client.BatchId!, retry);
        }

        foreach (var file in client.Deleted)
        {
            if (await api.GetFileAsync(file) is not { Status: 404 })
            {
                life.Violate(Rule, $"the file {file} was deleted and is there");
            }
        }

        if (client.FileId is { } input && client.Plan.LoseInputAfter is null && !client.AskedToDelete.Contains(input))
        {
            var content = await api.ContentAsync(input);
            if (content is not { IsGood: true } || !content.Body.AsSpan().SequenceEqual(client.Plan.Input()))
            {
                life.Violate(Rule, $"the file {input} was uploaded and is answered with {content?.Status}");
            }
        }
    }

    /// <summary>Neither the batch nor its results are there.</summary>
    private async Task CheckDeletedAsync(string id)
    {
        var batch = life.Watch.Batches[id];
        if (await api.GetBatchAsync(id) is not { Status: 404 })
        {
            life.Violate(Rule, $"the batch {id} was deleted and is there");
        }

        foreach (var file in batch.ResultFileIds)
        {
            if (await api.GetFileAsync(file) is not { Status: 404 })
            {
                life.Violate(Rule, $"the batch {id} was deleted and its file {file} is there");
            }
        }
    }

    /// <summary>Both name each other; what was named before and came to nothing may have been taken out.</summary>
    private void CheckRetry(string id, string retryId)
    {
        var original = life.Watch.Batches[id];
        if (!life.Watch.Batches.TryGetValue(retryId, out var retry))
        {
            life.Violate(Rule, $"the batch {retryId} was made and is not there");
        }
        else if (!original.Deleted && !retry.Deleted && (retry.RetryOf != id || !original.Retries.Contains(retryId)))
        {
            life.Violate("a batch and its retry name each other", $"{id} names {string.Join(' ', original.Retries)}, and {retryId} {retry.RetryOf}");
        }
    }
}
