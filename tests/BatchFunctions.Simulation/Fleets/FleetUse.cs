using BatchFunctions.Storage;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.Simulation.Fleets;

/// <summary>Counts what a fleet asks of storage: requests by table and queue, and entities by the partition that they are in.</summary>
internal sealed class FleetUse
{
    /// <summary>All blobs: each is a partition of its own, and none is asked for often.</summary>
    public const string Blobs = "blobs";

    /// <summary>Tables, of whose partitions the busiest is told.</summary>
    public static IReadOnlyList<string> Tables => TableNames.All;

    /// <summary>What requests are counted by.</summary>
    public static IReadOnlyList<string> Places { get; } = [Blobs, .. QueueNames.All, .. TableNames.All];

    private readonly Dictionary<string, int> _requests = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Table, string Partition), int> _entities = [];
    private string? _table;

    /// <summary>Writes that were refused since another was faster.</summary>
    public int LostRaces { get; private set; }

    /// <summary>Requests, by place.</summary>
    public IReadOnlyDictionary<string, int> Requests => _requests;

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        _requests.Clear();
        _entities.Clear();
        LostRaces = 0;
    }

    /// <summary>The entities that were read, looked at or written in the busiest partition of a table.</summary>
    public int BusiestOf(string table) =>
        _entities.Where(pair => pair.Key.Table == table).Select(static pair => pair.Value).DefaultIfEmpty().Max();

    /// <summary>An entity was read, looked at or written.</summary>
    public void Used(string table, string partition)
    {
        _table = table;
        _entities[(table, partition)] = _entities.GetValueOrDefault((table, partition)) + 1;
    }

    /// <summary>A request was answered.</summary>
    public void Answered(StorageRequest request, StorageResponse response)
    {
        // What a transaction writes to stands in its body: its entities have just been told of.
        var place = request.Path.Split('/', '(')[0];
        Add(request.Service == "blob" ? Blobs : place == "$batch" ? _table ?? place : place);
        LostRaces += response.Status == 412 ? 1 : 0;
    }

    /// <summary>A queue was asked for messages, or told that one is done with.</summary>
    public void Add(string place) => _requests[place] = _requests.GetValueOrDefault(place) + 1;
}
