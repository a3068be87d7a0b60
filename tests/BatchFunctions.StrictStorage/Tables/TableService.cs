using System.Text.Json;
using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Tables;

/// <summary>
/// The table service: tables made and deleted, entities queried, read and written, transactions
/// (https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api).
/// </summary>
internal sealed class TableService(StorageClock clock, StorageChance chance) : IStorageService
{
    /// <summary>Table names are the same in whatever case.</summary>
    private readonly Dictionary<string, Table> _tables = new(StringComparer.OrdinalIgnoreCase);

    private readonly BeingDeleted _deleted = new(clock, TimeSpan.FromSeconds(40));
    private readonly TableQuery _query = new(chance);

    /// <summary>Is told of each write that has taken effect: the table, and the entity before and after it.</summary>
    public Action<string, Entity?, Entity?>? Written { get; set; }

    /// <summary>Is told of each entity that is read, looked at by a query or written: the table and the partition.</summary>
    public Action<string, string>? Used { get; set; }

    /// <summary>All entities of a table, in order; none if there is no such table.</summary>
    public IEnumerable<Entity> EntitiesOf(string table) => _tables.GetValueOrDefault(table)?.Entities ?? [];

    /// <summary>How many entities a table has; none if there is no such table.</summary>
    public int CountOf(string table) => _tables.GetValueOrDefault(table)?.Count ?? 0;

    /// <summary>Makes a table that is not there yet, as a request for it would.</summary>
    public void Make(string name)
    {
        EntityRules.CheckTableName(name);
        _tables.Add(name, new Table());
    }

    public StorageResponse Answer(StorageRequest request)
    {
        var response = request switch
        {
            { Path: "$batch", Method: "POST" } => new TableTransaction(clock, Find, Written, Used).Answer(request),
            { Path: TableAddress.Tables, Method: "POST" } => Create(request),
            { Method: "DELETE" } when TableAddress.TableIn(request.Path) is { } name => Delete(name),
            { Path: TableAddress.Tables } or { Path: "" } => throw StorageException.NotBuilt($"{request}"),
            _ => AnswerEntity(request, TableAddress.Parse(request.Path)),
        };
        return response.Complete(request, clock.Now).With("Cache-Control", "no-cache").With("DataServiceVersion", "3.0;");
    }

    private StorageResponse AnswerEntity(StorageRequest request, TableAddress address)
    {
        if (request.Method is "GET")
        {
            var metadata = $"http://{request.Account}/$metadata#{address.Table}";
            var table = Find(address.Table);
            if (address.Key is { } key)
            {
                Used?.Invoke(address.Table, key.Partition);
                return Read(request, table, key, metadata);
            }

            return _query.Answer(request, table, metadata, Used is { } used ? partition => used(address.Table, partition) : null);
        }

        var change = TableChange.Of(request, address.Table, address.Key);
        var changed = Find(change.Table);
        Used?.Invoke(change.Table, change.Key.Partition);
        var before = changed.Find(change.Key);
        var after = change.Apply(changed, clock);
        Written?.Invoke(change.Table, before, after);
        return ResponseOf(change, after);
    }

    internal static StorageResponse ResponseOf(TableChange change, Entity? written)
    {
        var response = new StorageResponse(204);
        if (written is not null)
        {
            response.With("ETag", written.ETag);
        }

        return change.Kind == TableChangeKind.Insert ? response.With("Preference-Applied", "return-no-content") : response;
    }

    private static StorageResponse Read(StorageRequest request, Table table, EntityKey key, string metadata)
    {
        request.AllowOnly("$select", "$format");
        EntityRules.CheckKey(key);
        var entity = table.Find(key) ?? throw StorageException.ResourceNotFound();
        var select = request.Query("$select") is { Length: > 0 } names ? names.Split(',', StringSplitOptions.TrimEntries) : null;
        return new StorageResponse(200)
            .With("ETag", entity.ETag)
            .WithBody(EntityJson.ContentType, EntityJson.WriteOne(entity, metadata, select));
    }

    private StorageResponse Create(StorageRequest request)
    {
        request.AllowOnly("$format");
        using var body = JsonDocument.Parse(request.Body);
        var name = body.RootElement.GetProperty("TableName").GetString()!;
        EntityRules.CheckTableName(name);
        if (_deleted.Contains(name))
        {
            throw new StorageException(409, "TableBeingDeleted", "The specified table is being deleted.");
        }

        return _tables.TryAdd(name, new Table())
            ? new StorageResponse(204).With("Preference-Applied", "return-no-content")
            : throw new StorageException(409, "TableAlreadyExists", "The table specified already exists.");
    }

    private StorageResponse Delete(string name)
    {
        if (!_tables.Remove(name))
        {
            throw StorageException.ResourceNotFound();
        }

        _deleted.Add(name);
        return new StorageResponse(204);
    }

    private Table Find(string name) => _tables.GetValueOrDefault(name)
        ?? throw new StorageException(404, "TableNotFound", "The table specified does not exist.");
}
