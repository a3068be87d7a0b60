using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Tables;

/// <summary>
/// An entity group transaction: up to 100 writes and 4 MiB within one partition of one table, each of another entity, which all
/// take effect or none of them (https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions).
/// </summary>
/// <param name="clock">Storage's clock.</param>
/// <param name="find">Finds a table.</param>
/// <param name="written">Told of each write that has taken effect.</param>
/// <param name="used">Told of each entity that is to be written.</param>
internal sealed class TableTransaction(
    StorageClock clock, Func<string, Table> find, Action<string, Entity?, Entity?>? written, Action<string, string>? used)
{
    private const int MostChanges = 100;
    private const int MostBytes = 4 * 1024 * 1024;

    public StorageResponse Answer(StorageRequest request)
    {
        request.AllowOnly("$format");
        if (request.Body.Length > MostBytes)
        {
            throw StorageException.BodyTooLarge();
        }

        var requests = TransactionBody.Read(request);
        if (requests.Count > MostChanges)
        {
            throw StorageException.InvalidInput($"The batch request operation exceeds the maximum {MostChanges} changes per change set.");
        }

        var number = 0;
        try
        {
            return Apply(requests, ref number);
        }
        catch (StorageException e)
        {
            return TransactionBody.Write([Refused(number, e)]);
        }
    }

    private StorageResponse Apply(List<StorageRequest> requests, ref int number)
    {
        var changes = new List<TableChange>();
        foreach (var request in requests)
        {
            var address = TableAddress.Parse(request.Path);
            var change = TableChange.Of(request, address.Table, address.Key);
            CheckBeside(change, changes);
            changes.Add(change);
            used?.Invoke(change.Table, change.Key.Partition);
            number++;
        }

        var table = find(changes[0].Table);
        var before = changes.ConvertAll(change => (change.Key, Entity: table.Find(change.Key)));
        var answers = new List<StorageResponse>();
        for (number = 0; number < changes.Count; number++)
        {
            try
            {
                answers.Add(TableService.ResponseOf(changes[number], changes[number].Apply(table, clock)));
            }
            catch (StorageException)
            {
                Undo(table, before);
                throw;
            }
        }

        foreach (var (key, entity) in before)
        {
            written?.Invoke(changes[0].Table, entity, table.Find(key));
        }

        return TransactionBody.Write(answers);
    }

    private static void CheckBeside(TableChange change, List<TableChange> others)
    {
        if (others.Count > 0 && others[0].Key.Partition != change.Key.Partition)
        {
            throw new StorageException(
                400, "CommandsInBatchActOnDifferentPartitions", "All commands in a batch must operate on same entity group.");
        }

        if (others.Count > 0 && !others[0].Table.Equals(change.Table, StringComparison.OrdinalIgnoreCase))
        {
            throw StorageException.InvalidInput("All commands in a batch must operate on one table.");
        }

        if (others.Exists(other => other.Key == change.Key))
        {
            throw new StorageException(
                400,
                "InvalidDuplicateRow",
                $"A command with RowKey '{change.Key.Row}' is already present in the batch. An entity can appear only once in a batch.");
        }
    }

    private static void Undo(Table table, List<(EntityKey Key, Entity? Entity)> before)
    {
        foreach (var (key, entity) in before)
        {
            if (entity is null)
            {
                table.Remove(key);
            }
            else
            {
                table.Put(entity);
            }
        }
    }

    /// <summary>The refusal of the whole, whose message begins with the number of the write that it is due to.</summary>
    private static StorageResponse Refused(int number, StorageException e) => new StorageResponse(e.Status).WithBody(
        "application/json;odata=minimalmetadata;streaming=true;charset=utf-8",
        ErrorBodies.Json(new StorageException(e.Status, e.Code, $"{number}:{e.Message}")));
}
