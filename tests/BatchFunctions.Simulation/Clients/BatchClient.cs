using BatchFunctions.Batches;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Storage;

namespace BatchFunctions.Simulation.Clients;

/// <summary>Who uploads a file, makes a batch of it, and looks how it goes; it asks again where it was not answered.</summary>
internal sealed class BatchClient(Life life, BatchPlan plan)
{
    private static readonly string[] ResultNames = ["output_file_id", "error_file_id"];
    private static readonly TimeSpan LooksOften = TimeSpan.FromSeconds(1);

    private readonly Dice _dice = new(life.Plan.Seed, 100 + plan.Number);
    private readonly Dictionary<string, List<string>> _results = new(StringComparer.Ordinal);
    private readonly ApiClient _api = new(life, $"c{plan.Number}", plan.Tenant);

    public BatchPlan Plan => plan;

    /// <summary>The input file, once an upload was answered.</summary>
    public string? FileId { get; private set; }

    /// <summary>The batch, once a creation was answered.</summary>
    public string? BatchId { get; private set; }

    /// <summary>The batches of what it has left over, as they were answered.</summary>
    public List<string> Retries { get; } = [];

    /// <summary>Creations that were asked for, each of which may have made a batch.</summary>
    public int Creations { get; private set; }

    /// <summary>Whether a cancel was answered with 200.</summary>
    public bool IsCancelAnswered { get; private set; }

    /// <summary>Whether a cancel was asked for, whatever was answered.</summary>
    public bool AskedToCancel { get; private set; }

    /// <summary>Files whose deletion was answered with 200.</summary>
    public List<string> Deleted { get; } = [];

    /// <summary>Files whose deletion was asked for, whatever was answered.</summary>
    public List<string> AskedToDelete { get; } = [];

    /// <summary>Batches whose deletion was answered with 200.</summary>
    public List<string> DeletedBatches { get; } = [];

    /// <summary>Batches whose deletion was asked for, whatever was answered.</summary>
    public List<string> AskedToDeleteBatches { get; } = [];

    /// <summary>Whether no version that is at work knows batches that were deleted.</summary>
    private bool IsBeforeDeletion => life.Other?.Knows<BatchDeletion>() == false;

    public async Task RunAsync()
    {
        await life.Agenda.Delay(plan.At);
        FileId = (await RepeatAsync(() => _api.UploadAsync(plan.Input())))?.Json.GetProperty("id").GetString();
        if (FileId is null)
        {
            return;
        }

        var others = new List<Task>();
        if (plan.DeleteInputBeside is { } beside)
        {
            others.Add(DeleteAsync(FileId, beside));
        }

        BatchId = (await RepeatAsync(() => _api.CreateAsync(FileId, $"{plan.Number}.{++Creations}")))?.Json.GetProperty("id").GetString();
        if (BatchId is null)
        {
            await Task.WhenAll(others);
            return;
        }

        if (plan.CancelAfter is { } cancel)
        {
            others.Add(CancelAsync(cancel));
        }

        if (plan.LoseInputAfter is { } lose)
        {
            others.Add(LoseAsync(lose));
        }

        if (plan.DeleteInputAfter is { } delete)
        {
            others.Add(DeleteAsync(FileId, delete));
        }

        await Task.WhenAll([LookAsync(BatchId), .. others]);
        if (plan.RetryAfter is { } retry)
        {
            await RetryAsync(BatchId, retry);
        }

        await Task.WhenAll(plan.DeletesRetries ? Retries.Select(id => DeleteBatchAsync(id, TimeSpan.Zero)) : []);
        if (plan.DeleteAfter is { } end)
        {
            await DeleteBatchAsync(BatchId, end);
        }
    }

    /// <summary>Has what the batch has left over sent once more, if it has anything, and looks how that goes.</summary>
    private async Task RetryAsync(string id, TimeSpan after)
    {
        await life.Agenda.Delay(after);
        List<Task> asked = [RetryAsync(id)];
        if (plan.RetriesTwice)
        {
            asked.Add(RetryAsync(id));
        }

        if (plan.DeleteInputBesideRetry is { } delete && !AskedToDelete.Contains(FileId!))
        {
            asked.Add(DeleteAsync(FileId!, delete));
        }

        if (plan.DeleteResultsBesideRetry is { } deleteResults)
        {
            asked.AddRange(_results.GetValueOrDefault(id, []).Where(file => !AskedToDelete.Contains(file)).Select(file => DeleteAsync(file, deleteResults)));
        }

        if (plan.DeleteBesideRetry is { } deleteBatch)
        {
            asked.Add(DeleteBatchAsync(id, deleteBatch));
        }

        await Task.WhenAll(asked);
    }

    private async Task RetryAsync(string id)
    {
        if ((await RepeatAsync(() => _api.RetryAsync(id, $"{plan.Number}.r{++Creations}")))?.Json.GetProperty("id").GetString() is { } retry)
        {
            Retries.Add(retry);
            await LookAsync(retry);
        }
    }

    private async Task CancelAsync(TimeSpan after)
    {
        await life.Agenda.Delay(after);
        AskedToCancel = true;
        IsCancelAnswered = await RepeatAsync(() => _api.CancelAsync(BatchId!)) is not null;
    }

    private async Task LoseAsync(TimeSpan after)
    {
        await life.Agenda.Delay(after);
        await life.LoseBlobAsync(ContainerNames.Files, $"{plan.Tenant}/{FileId}");
    }

    private Task DeleteAsync(string file, TimeSpan after) => DeleteAsync(file, after, _api.DeleteFileAsync, AskedToDelete, Deleted);

    private Task DeleteBatchAsync(string id, TimeSpan after) =>
        IsBeforeDeletion ? Task.CompletedTask : DeleteAsync(id, after, _api.DeleteBatchAsync, AskedToDeleteBatches, DeletedBatches);

    private async Task DeleteAsync(string id, TimeSpan after, Func<string, Task<ApiReply?>> delete, List<string> asked, List<string> deleted)
    {
        await life.Agenda.Delay(after);
        asked.Add(id);
        if (await RepeatAsync(() => delete(id)) is not null)
        {
            deleted.Add(id);
        }
    }

    /// <summary>Looks at a batch until it has ended, or been deleted.</summary>
    private async Task LookAsync(string id)
    {
        var pause = plan.IsAwaited ? LooksOften : plan.LooksEvery;
        while (life.Agenda.Now < TimeSpan.FromHours(27))
        {
            await life.Agenda.Delay(pause);
            pause = pause < plan.LooksEvery ? pause * 1.2 : plan.LooksEvery;
            if (await _api.GetBatchAsync(id) is not { } reply)
            {
                continue;
            }

            if (reply.Status == 404 && AskedToDeleteBatches.Contains(id))
            {
                return;
            }

            if (reply.Status == 404)
            {
                life.Violate("no answered request is undone", $"the batch {id} is not there any more");
                return;
            }

            if (reply.IsGood && reply.Json.GetProperty("status").GetString() is "completed" or "failed" or "expired" or "cancelled")
            {
                List<string> results = [.. ResultNames.Select(name => reply.Json.GetProperty(name).GetString()).OfType<string>()];
                _results[id] = results;
                foreach (var file in plan.DeletesResults ? results : [])
                {
                    await DeleteAsync(file, _dice.Seconds(0.1, 5));
                }

                return;
            }
        }
    }

    /// <returns>The good answer; null where there was none, or a refusal.</returns>
    private async Task<ApiReply?> RepeatAsync(Func<Task<ApiReply?>> ask)
    {
        for (var tries = 0; tries < plan.Tries; tries++)
        {
            if (await ask() is { } reply)
            {
                if (reply.IsGood)
                {
                    return reply;
                }

                if (!reply.Passes && reply.Status != 409)
                {
                    return null;
                }
            }

            await life.Agenda.Delay(_dice.Seconds(0.5, 60));
        }

        return null;
    }
}
