using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Storage;
using BatchFunctions.StrictStorage.Tables;

namespace BatchFunctions.Simulation.Rules;

/// <summary>Weeks after the last batch has ended nothing is left but the rows of those that were not deleted, and the files that there are with their blobs.</summary>
internal sealed class RestRules(Life life)
{
    private const string Rule = "nothing is left over at rest";

    public void Check()
    {
        foreach (var table in (string[])[TableNames.ActiveBatches, TableNames.Chunks, TableNames.Pending, TableNames.Deliveries])
        {
            foreach (var entity in life.Account.Tables.EntitiesOf(table).Where(entity => !IsLastSweep(entity)))
            {
                life.Violate(Rule, $"a row of {table}: {entity.Key}");
            }
        }

        foreach (var queue in QueueNames.All)
        {
            if (life.Account.Queues.QueueOf(queue)!.Count > 0)
            {
                life.Violate(Rule, $"messages on {queue}");
            }
        }

        var files = life.Account.Tables.EntitiesOf(TableNames.Files).ToList();
        foreach (var file in files.Where(file => file.Properties.GetValueOrDefault("Deleted") is true))
        {
            life.Violate(Rule, $"a deleted file's row: {file.Key}");
        }

        foreach (var batch in life.Account.Tables.EntitiesOf(TableNames.Batches).Where(batch => batch.Properties.GetValueOrDefault("Deleted") is true))
        {
            life.Violate(Rule, $"a deleted batch's row: {batch.Key}");
        }

        var standing = life.Watch.Batches.Values.Where(batch => !batch.Deleted).ToList();
        foreach (var batch in standing.Where(batch => batch.Retries.Any(id => life.Watch.Batches.GetValueOrDefault(id) is { Deleted: true })))
        {
            life.Violate(Rule, $"the name of a deleted retry: {batch.Id} names {string.Join(' ', batch.Retries)}");
        }

        var named = standing.SelectMany(batch => (string?[])[batch.OutputFileId, batch.ErrorFileId]).ToHashSet(StringComparer.Ordinal);
        foreach (var file in files.Where(file => file.ValueOf("Purpose") is FilePurposes.BatchOutput && !named.Contains(IdKind.File.IdOf(file.Key.Row))))
        {
            life.Violate(Rule, $"a result's row that no batch names: {file.Key}");
        }

        var blobs = files.SelectMany(BlobsOf).ToHashSet(StringComparer.Ordinal);
        foreach (var container in ContainerNames.All)
        {
            foreach (var (name, slot) in life.Account.Blobs.SlotsOf(container))
            {
                if (slot.Uncommitted.Count > 0)
                {
                    life.Violate(Rule, $"staged blocks of {container}/{name}");
                }

                if (!blobs.Contains($"{container}/{name}"))
                {
                    life.Violate(Rule, $"a blob without a file: {container}/{name}");
                }
            }
        }
    }

    /// <summary>The blobs that a file is made of.</summary>
    private IEnumerable<string> BlobsOf(Entity file)
    {
        var row = LifeWatch.RowOf(file);
        var blob = FileRows.BlobOf(row);
        var segments = FileRows.SegmentsOf(life, row)?.Select(segment => segment.In(blob)) ?? [blob];
        return FileRows.PagesOf(row).Select(page => page.In(blob)).Concat(segments).Select(part => $"{part.Container}/{part.Name}");
    }

    /// <summary>
    /// The row of a sweep whose message was never sent, since its sender died: whoever asks for the next takes it over, and while nothing
    /// is active nobody does.
    /// </summary>
    private static bool IsLastSweep(Entity entity) => entity.Key.Partition == "sweep";
}
