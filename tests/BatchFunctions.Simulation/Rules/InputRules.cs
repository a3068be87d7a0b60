using BatchFunctions.Batches;
using BatchFunctions.Simulation.Lives;

namespace BatchFunctions.Simulation.Rules;

/// <summary>The input that is made of a retry: from when the batch runs it is the one that its chunks were cut of, whoever else makes one.</summary>
internal sealed class InputRules(Life life)
{
    private readonly Dictionary<string, string?> _inputs = new(StringComparer.Ordinal);

    public void BatchWritten(Batch? before, Batch? after)
    {
        if (after is null or { RetryOf: null } || before is null || after.Status == before.Status)
        {
            return;
        }

        if (before.Status == BatchStatus.Validating && !after.Status.HasEnded())
        {
            _inputs[after.Id] = VersionOf(after);
        }
        else if (after.Status.HasEnded() && _inputs.TryGetValue(after.Id, out var first) && VersionOf(after) is { } now && now != first)
        {
            life.Violate("the input that is made of a retry stays", after.Id);
        }
    }

    private string? VersionOf(Batch batch) =>
        life.Account.Blobs.SlotsOf(batch.InputBlob.Container).FirstOrDefault(slot => slot.Name == batch.InputBlob.Name).Slot?.Blob?.ETag;
}
