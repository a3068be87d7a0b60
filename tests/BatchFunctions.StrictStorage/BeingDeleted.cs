namespace BatchFunctions.StrictStorage;

/// <summary>
/// Names of what was deleted a short while ago. It is gone for all who ask, and for a while nothing can be made with its name
/// (https://learn.microsoft.com/rest/api/storageservices/delete-container, delete-queue3 and delete-table).
/// </summary>
/// <param name="clock">Storage's clock.</param>
/// <param name="lasts">How long the name is taken.</param>
internal sealed class BeingDeleted(StorageClock clock, TimeSpan lasts)
{
    private readonly Dictionary<string, DateTimeOffset> _until = new(StringComparer.OrdinalIgnoreCase);

    public void Add(string name) => _until[name] = clock.Now + lasts;

    public bool Contains(string name) => _until.TryGetValue(name, out var until) && clock.Now < until;
}
