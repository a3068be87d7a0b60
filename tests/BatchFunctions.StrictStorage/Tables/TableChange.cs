using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Tables;

/// <summary>A write of one entity, as it stands in a request of its own or in a transaction.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Table">The table.</param>
/// <param name="Key">The entity.</param>
/// <param name="Properties">What is written.</param>
/// <param name="IfMatch">The ETag that it must have; null to insert it if need be, or where the write needs none.</param>
internal sealed record TableChange(
    TableChangeKind Kind, string Table, EntityKey Key, IReadOnlyDictionary<string, object> Properties, string? IfMatch)
{
    /// <summary>Reads a request that writes an entity.</summary>
    public static TableChange Of(StorageRequest request, string table, EntityKey? addressed)
    {
        request.AllowOnly("$format");
        var properties = request.Method == "DELETE" ? [] : EntityJson.Read(request.Body);
        var ifMatch = request.Header("If-Match");
        if (request.Header("If-None-Match") is not null)
        {
            throw StorageException.InvalidInput($"If-None-Match HTTP header cannot be specified for {request.Method} operations.");
        }

        var kind = (request.Method, addressed) switch
        {
            ("POST", null) => TableChangeKind.Insert,
            ("PUT", not null) => TableChangeKind.Replace,
            ("PATCH" or "MERGE", not null) => TableChangeKind.Merge,
            ("DELETE", not null) when ifMatch is not null => TableChangeKind.Delete,
            ("DELETE", not null) => throw new StorageException(400, "MissingRequiredHeader", "If-Match is required."),
            _ => throw StorageException.NotBuilt($"{request}"),
        };
        var key = addressed ?? new EntityKey(KeyIn(properties, Entity.PartitionKey), KeyIn(properties, Entity.RowKey));
        if (properties.TryGetValue(Entity.PartitionKey, out var partition) && !key.Partition.Equals(partition)
            || properties.TryGetValue(Entity.RowKey, out var row) && !key.Row.Equals(row))
        {
            throw StorageException.InvalidInput("The keys of the entity are not those of its address.");
        }

        properties.Remove(Entity.PartitionKey);
        properties.Remove(Entity.RowKey);
        return new TableChange(kind, table, key, properties, ifMatch);
    }

    /// <summary>Makes the change in a table.</summary>
    /// <returns>The entity afterwards; null if it is gone.</returns>
    /// <exception cref="StorageException">It is refused, and has changed nothing.</exception>
    public Entity? Apply(Table table, StorageClock clock)
    {
        EntityRules.CheckKey(Key);
        var standing = table.Find(Key);
        if (Kind == TableChangeKind.Insert && standing is not null)
        {
            throw new StorageException(409, "EntityAlreadyExists", "The specified entity already exists.");
        }

        if (IfMatch is not null && standing is null)
        {
            throw StorageException.ResourceNotFound();
        }

        if (IfMatch is not null and not "*" && IfMatch != standing!.ETag)
        {
            throw new StorageException(
                412, "UpdateConditionNotSatisfied", "The update condition specified in the request was not satisfied.");
        }

        if (Kind == TableChangeKind.Delete)
        {
            table.Remove(Key);
            return null;
        }

        var properties = Kind == TableChangeKind.Merge && standing is not null ? Merged(standing.Properties) : Properties;
        EntityRules.Check(Key, properties);
        var written = new Entity(Key, properties, clock.NextWrite());
        table.Put(written);
        return written;
    }

    private static string KeyIn(Dictionary<string, object> properties, string name) =>
        properties.GetValueOrDefault(name) as string
        ?? throw new StorageException(400, "PropertiesNeedValue", $"{name} has no value.");

    private Dictionary<string, object> Merged(IReadOnlyDictionary<string, object> standing)
    {
        var merged = new Dictionary<string, object>(standing, StringComparer.Ordinal);
        foreach (var (name, value) in Properties)
        {
            merged[name] = value;
        }

        return merged;
    }
}

/// <summary>What is done to an entity; a replacement or merge without a condition inserts it if need be.</summary>
internal enum TableChangeKind
{
    Insert,
    Replace,
    Merge,
    Delete,
}
