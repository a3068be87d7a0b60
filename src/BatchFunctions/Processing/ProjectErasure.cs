using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Keys;
using BatchFunctions.Projects;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Erases projects that an operator has removed, in this order: their keys are revoked, their batches cancelled and ended; once no process
/// can be taken in by what it has read before, all blobs and rows go, as <see cref="ProjectContent"/> lists them, and what names something
/// goes behind it. A pass that finds nothing more removes the row that says that the project is being erased. Each removal may be
/// repeated, so a crash anywhere leaves what the next sweep goes on with.
/// </summary>
internal sealed partial class ProjectErasure(
    ProjectStore projects,
    ApiKeyStore keys,
    ActiveBatchStore active,
    BatchStore batches,
    BatchCancellation cancellation,
    BatchClearing clearing,
    FileBlobs blobs,
    StorageClients storage,
    RareLog rare,
    ProtocolSteps steps,
    TimeProvider time,
    ILogger<ProjectErasure> logger)
{
    /// <summary>
    /// From when on nobody stores anything of the project any more: every process has read by then that its keys are revoked and that it
    /// is being erased, and what was being made has been, or has been given up.
    /// </summary>
    public static readonly TimeSpan Settling = KeyRing.RememberedFor + ProjectReader.Age + (2 * BatchCreation.Limit);

    /// <summary>The most rows of a table, and blobs of a container, that one pass removes: others have their turn.</summary>
    private const int Most = 5_000;

    private const int AtOnce = 16;

    /// <param name="hasTime">Whether there is time for more; the rest is the next sweep's.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>Whether a project is being erased, and there is more to do soon.</returns>
    public async Task<bool> RunAsync(Func<bool> hasTime, CancellationToken ct)
    {
        var isMore = false;
        await foreach (var project in projects.ListErasingAsync(ct))
        {
            if (!hasTime())
            {
                return true;
            }

            try
            {
                isMore |= !await TryFinishAsync(project, hasTime, ct);
            }
            catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
            {
                isMore = true;
                if (rare.IsNews($"not erased {project.Name}"))
                {
                    Log.NotErased(logger, e, project.Name);
                }
            }
        }

        return isMore;
    }

    /// <returns>Whether nothing is left of the project.</returns>
    private async Task<bool> TryFinishAsync(Project project, Func<bool> hasTime, CancellationToken ct)
    {
        var revokedAt = await keys.RevokeAllAsync(project.Name, ct);
        await steps.ReachedAsync(ProtocolStep.ProjectKeysRevoked, ct);
        var since = revokedAt > project.ErasingSince ? revokedAt : project.ErasingSince;
        var isEnded = await EndBatchesAsync(project.Name, hasTime, ct);
        if (!isEnded || time.GetUtcNow() - since < Settling)
        {
            return false;
        }

        if (await RemoveAsync(project.Name, ct) > 0)
        {
            return false;
        }

        await steps.ReachedAsync(ProtocolStep.ProjectErased, ct);
        await projects.RemoveAsync(project.Name, ct);
        Log.Erased(logger, project.Name);
        return true;
    }

    /// <returns>Whether none of the project's batches is active.</returns>
    private async Task<bool> EndBatchesAsync(string project, Func<bool> hasTime, CancellationToken ct)
    {
        var isEnded = true;
        await foreach (var row in active.ListAsync(ct).Where(row => row.Key.Tenant == project))
        {
            isEnded = false;
            switch (await batches.FindAnyAsync(row.Key, ct))
            {
                case null when time.GetUtcNow() - row.CreatedAt > Settling:
                    await active.DeleteAsync(row.Key, ct);
                    break;
                case null:
                    break;
                case { Unreadable: not null } batch:
                    await clearing.RunAsync(batch, ct);
                    break;
                case { } batch when batch.Status.HasEnded():
                    // Being cleared away.
                    break;
                default:
                    await cancellation.CancelAsync(row.Key, ct);
                    break;
            }

            await steps.ReachedAsync(ProtocolStep.ProjectBatchEnded, ct);
            if (!hasTime())
            {
                break;
            }
        }

        return isEnded;
    }

    /// <returns>How much was found.</returns>
    private async Task<int> RemoveAsync(string project, CancellationToken ct)
    {
        var found = 0;
        foreach (var (container, _) in ProjectContent.Containers.Where(content => content.BeginsWithProject))
        {
            found += await RemoveBlobsAsync(container, project + "/", ct);
        }

        foreach (var content in ProjectContent.Tables)
        {
            if (content.FilterOf(project) is { } filter)
            {
                found += await RemoveRowsAsync(content.Table, filter, ct);
            }
        }

        return found;
    }

    private async Task<int> RemoveRowsAsync(string name, string filter, CancellationToken ct)
    {
        var table = storage.Tables.GetTableClient(name);
        var found = 0;
        var rows = table.QueryAsync<TableEntity>(filter, null, ["PartitionKey", "RowKey", "Container", "Blob"], ct).Take(Most);
        await Parallel.ForEachAsync(rows, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (row, token) =>
        {
            Interlocked.Increment(ref found);
            if (BlobsOf(name, row) is { } named && await RemoveBlobsAsync(named.Container, named.Name, token) >= Most)
            {
                // The rest with the next pass: until then the row goes on naming it.
                return;
            }

            await TableWrites.DeleteAsync(table, row.PartitionKey, row.RowKey, token);
            await steps.ReachedAsync(ProtocolStep.ProjectRowRemoved, token);
        });
        return found;
    }

    /// <summary>What a row names in the container of results: all that its batch has there.</summary>
    private static BlobLocation? BlobsOf(string table, TableEntity row)
    {
        if (table == TableNames.Batches)
        {
            return new BlobLocation(ContainerNames.Batches, Ids.IdKind.Batch.IdOf(row.RowKey) + "/");
        }

        return row.TryGetValue("Container", out var container) && container is ContainerNames.Batches
            && row.TryGetValue("Blob", out var blob) && blob is string name && name.IndexOf('/', StringComparison.Ordinal) is > 0 and var end
            ? new BlobLocation(ContainerNames.Batches, name[..(end + 1)])
            : null;
    }

    /// <returns>How many were found, up to <see cref="Most"/>.</returns>
    private async Task<int> RemoveBlobsAsync(string container, string prefix, CancellationToken ct)
    {
        var found = 0;
        var named = storage.Blobs.GetBlobContainerClient(container).GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, prefix, ct).Take(Most);
        await Parallel.ForEachAsync(named, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (blob, token) =>
        {
            Interlocked.Increment(ref found);
            await blobs.RemoveAsync(new BlobLocation(container, blob.Name), token);
            await steps.ReachedAsync(ProtocolStep.ProjectBlobRemoved, token);
        });
        return found;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Project {Project} is erased.")]
        public static partial void Erased(ILogger logger, string project);

        [LoggerMessage(Level = LogLevel.Error, Message = "Project {Project} could not be erased yet; each sweep goes on with it.")]
        public static partial void NotErased(ILogger logger, Exception e, string project);
    }
}
