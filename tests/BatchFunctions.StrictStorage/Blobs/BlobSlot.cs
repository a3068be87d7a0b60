using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>
/// What a container has under a name: a committed blob, uncommitted blocks, or both. Blocks that are not committed within a week
/// after the last of them are gone, and so are those that a commit does not name
/// (https://learn.microsoft.com/rest/api/storageservices/put-block and put-block-list).
/// </summary>
internal sealed class BlobSlot(StorageClock clock)
{
    private const int MostCommitted = 50_000;
    private const int MostUncommitted = 100_000;

    private static readonly TimeSpan BlocksAreKept = TimeSpan.FromDays(7);

    private readonly Dictionary<string, Block> _uncommitted = new(StringComparer.Ordinal);
    private DateTimeOffset _lastBlockAt;

    /// <summary>The committed blob; null while there are only blocks.</summary>
    public Blob? Blob { get; private set; }

    /// <summary>Blocks that are not part of the blob, in the order in which they came.</summary>
    public IReadOnlyCollection<Block> Uncommitted
    {
        get
        {
            if (clock.Now - _lastBlockAt >= BlocksAreKept)
            {
                _uncommitted.Clear();
            }

            return _uncommitted.Values;
        }
    }

    public bool IsEmpty => Blob is null && Uncommitted.Count == 0;

    /// <summary>Stages a block, in the place of one of the same id.</summary>
    /// <exception cref="StorageException">Its id is not as long as those of the other uncommitted blocks, or there are too many.</exception>
    public void Stage(Block block)
    {
        if (Uncommitted.FirstOrDefault() is { } other && IdBytes(other.Id!) != IdBytes(block.Id!))
        {
            throw new StorageException(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid: its id is of another length.");
        }

        if (!_uncommitted.ContainsKey(block.Id!) && _uncommitted.Count >= MostUncommitted)
        {
            throw new StorageException(
                409, "BlockCountExceedsLimit", $"The uncommitted block count cannot exceed the maximum limit of {MostUncommitted} blocks.");
        }

        _uncommitted[block.Id!] = block;
        _lastBlockAt = clock.Now;
    }

    /// <summary>The blocks that a list names.</summary>
    /// <exception cref="StorageException">One of them is missing where it is looked for, or there are too many.</exception>
    public List<Block> Find(IReadOnlyList<(BlockSource Source, string Id)> list)
    {
        if (list.Count > MostCommitted)
        {
            throw new StorageException(400, "BlockListTooLong", $"The block list may not contain more than {MostCommitted} blocks.");
        }

        var uncommitted = Uncommitted.ToDictionary(block => block.Id!, StringComparer.Ordinal);
        var committed = (Blob?.Blocks ?? []).Where(block => block.Id is not null)
            .GroupBy(block => block.Id!).ToDictionary(same => same.Key, same => same.First(), StringComparer.Ordinal);
        return [.. list.Select(entry => entry.Source switch
        {
            BlockSource.Committed => committed.GetValueOrDefault(entry.Id),
            BlockSource.Uncommitted => uncommitted.GetValueOrDefault(entry.Id),
            _ => uncommitted.GetValueOrDefault(entry.Id) ?? committed.GetValueOrDefault(entry.Id),
        }
        ?? throw new StorageException(400, "InvalidBlockList", "The specified block list is invalid."))];
    }

    /// <summary>Writes the blob. All uncommitted blocks that are not part of it are gone.</summary>
    public Blob Write(IReadOnlyList<Block> blocks, string contentType, string? md5, IReadOnlyDictionary<string, string> metadata)
    {
        var now = clock.NextWrite();
        _uncommitted.Clear();
        return Blob = new Blob(blocks, contentType, md5, metadata, Blob?.CreatedAt ?? now, now);
    }

    private static int IdBytes(string id) => Convert.FromBase64String(id).Length;
}

/// <summary>Where a block of a list is looked for.</summary>
internal enum BlockSource
{
    Committed,
    Uncommitted,
    Latest,
}
