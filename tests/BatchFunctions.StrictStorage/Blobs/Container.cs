namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>A container's blobs and uncommitted blocks, by name.</summary>
internal sealed class Container(StorageClock clock)
{
    private readonly SortedDictionary<string, BlobSlot> _slots = new(StringComparer.Ordinal);

    public DateTimeOffset CreatedAt { get; } = clock.NextWrite();

    /// <summary>The committed blob; null if there is none.</summary>
    public Blob? FindBlob(string name) => Find(name)?.Blob;

    /// <summary>What there is under a name; null for nothing.</summary>
    public BlobSlot? Find(string name)
    {
        if (!_slots.TryGetValue(name, out var slot))
        {
            return null;
        }

        if (!slot.IsEmpty)
        {
            return slot;
        }

        _slots.Remove(name);
        return null;
    }

    /// <summary>What there is under a name, or a place for it.</summary>
    public BlobSlot Open(string name) => Find(name) ?? (_slots[name] = new BlobSlot(clock));

    public void Remove(string name) => _slots.Remove(name);

    /// <summary>All names with a prefix, in order.</summary>
    public IEnumerable<(string Name, BlobSlot Slot)> List(string prefix) => _slots
        .Where(slot => slot.Key.StartsWith(prefix, StringComparison.Ordinal) && !slot.Value.IsEmpty)
        .Select(slot => (slot.Key, slot.Value));
}
