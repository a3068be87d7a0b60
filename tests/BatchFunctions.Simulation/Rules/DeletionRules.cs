using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Simulation.Lives;

namespace BatchFunctions.Simulation.Rules;

/// <summary>Batches that are deleted: they have ended, nobody retries them, and they are never there again.</summary>
internal sealed class DeletionRules(Life life)
{
    /// <summary>A batch is deleted once it has ended and its owner has asked for that, and is never there again.</summary>
    public void Check(Batch after)
    {
        var wasDeleted = life.Watch.Batches.GetValueOrDefault(after.Id) is { Deleted: true };
        if (wasDeleted && !after.Deleted)
        {
            life.Violate("no answered request is undone", $"the batch {after.Id} was deleted and is there again");
        }

        if (after.Deleted && !wasDeleted
            && (!after.Status.HasEnded() || !life.Clients.Exists(client => client.AskedToDeleteBatches.Contains(after.Id))))
        {
            life.Violate("no batch is deleted that runs, or that nobody deleted", $"{after.Id} ({after.Status})");
        }

        if (after.Deleted && !wasDeleted && after.Retries.FirstOrDefault(IsUnderWay) is { } retry)
        {
            life.Violate("no batch is deleted of which a retry is made", $"{after.Id}, and {retry}");
        }
    }

    /// <summary>Whether other retries of a batch that has ended are named, or it becomes a tombstone, and nothing else.</summary>
    public bool IsNamingOrBurying(Batch before, Batch after) =>
        (after.Retries.Count > 0 || before.Retries.Count > 0 || after.Deleted || IsMoved(before, after))
        && (before.Above == after.Above || IsMoved(before, after))
        && JsonSerializer.Serialize(Written(before)) == JsonSerializer.Serialize(Written(after));

    /// <summary>Whether its family goes on past a deleted batch.</summary>
    private bool IsMoved(Batch before, Batch after) =>
        before.Above is { } above && life.Watch.Batches.GetValueOrDefault(above) is { Deleted: true, Above: { } next } && after.Above == next;

    private static Dictionary<string, object> Written(Batch batch) =>
        BatchRow.ToRow(batch with { Retries = [], Above = batch.RetryOf, Deleted = false }).Where(column => column.Value is not null).ToDictionary();

    /// <summary>Whether a retry that a batch's row names has not ended, or is still to get its row.</summary>
    private bool IsUnderWay(string retry) => life.Watch.Batches.TryGetValue(retry, out var row) ? !row.Status.HasEnded()
        : life.Plan.ClocksAreRight && BatchRetry.IsBeingMade(retry, life.Agenda.UtcNow);
}
