using System.Collections.Concurrent;
using Azure.Storage.Blobs.Models;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Storage;

namespace BatchFunctions.Proof.Batches;

/// <summary>
/// A reader of results while batches run: whatever happens to workers, what it reads begins with what it has read before. In the end
/// storage has no results that no file names.
/// </summary>
internal sealed class GrowingFiles(Account account, Tally tally)
{
    private readonly ConcurrentDictionary<string, byte[]> _read = new();

    /// <summary>Reads both files of a batch, as far as they go.</summary>
    public async Task LookAsync(Batch batch)
    {
        foreach (var id in batch.ResultFileIds)
        {
            if (await account.Get<FileStore>().FindAsync(batch.Tenant, id, CancellationToken.None) is not { } file)
            {
                tally.Violate($"{batch.Id} ({batch.Status}) names the file {id}, which is not there");
                continue;
            }

            var before = _read.GetValueOrDefault(id, []);
            if (file.Bytes == before.Length && file.IsGrowing)
            {
                continue;
            }

            var now = await account.BytesAsync(file);
            if (!now.AsSpan().StartsWith(before))
            {
                tally.Violate($"{batch.Id} ({batch.Status}): the file {id} of {now.Length} bytes does not begin with the {before.Length} that were read");
            }

            if (file.IsGrowing)
            {
                tally.Add(Count.Prefixes);
            }

            _read[id] = now;
        }
    }

    /// <summary>With all batches ended: looks for results that no file names.</summary>
    public async Task CheckLeftAsync(IEnumerable<Batch> ended)
    {
        var named = new HashSet<string>();
        foreach (var id in ended.SelectMany(batch => batch.ResultFileIds))
        {
            if (await account.Get<FileStore>().FindAsync(Account.Tenant, id, CancellationToken.None) is { } file)
            {
                named.UnionWith(await account.BlobsOfAsync(file));
            }
        }

        var container = account.Storage.Blobs.GetBlobContainerClient(ContainerNames.Batches);
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, null, CancellationToken.None))
        {
            if (!named.Contains(blob.Name))
            {
                tally.Left.Enqueue(blob.Name);
            }
        }
    }
}
