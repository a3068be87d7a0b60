using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Webhooks;

/// <summary>The table of deliveries: one partition per tenant, newest first.</summary>
internal sealed class DeliveryStore(TableClient table)
{
    private readonly FencedTable<Delivery> _rows = new(table, ToRow, FromRow, Unreadable);

    public DeliveryStore(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.Deliveries))
    {
    }

    /// <summary>Inserts a delivery; null if it is there already.</summary>
    public Task<Delivery?> TryInsertAsync(Delivery delivery, CancellationToken ct) => _rows.TryInsertAsync(delivery, ct);

    /// <summary>A delivery by what a caller says is its id; null if there is none, or it is no id.</summary>
    public async Task<Delivery?> FindAsync(string tenant, string id, CancellationToken ct) =>
        IdKind.Delivery.IsValid(id) ? await _rows.FindAsync(tenant, IdKind.Delivery.RowKeyOf(id), ct) : null;

    /// <inheritdoc cref="FencedTable{T}.TryUpdateAsync"/>
    public Task<Delivery?> TryUpdateAsync(Delivery delivery, CancellationToken ct) =>
        delivery.Unreadable is null ? _rows.TryUpdateAsync(delivery, ct) : Task.FromResult<Delivery?>(null);

    /// <inheritdoc cref="FencedTable{T}.MutateAsync"/>
    /// <remarks>One whose row cannot be read stays as it is.</remarks>
    public async Task<Delivery?> MutateAsync(string tenant, string id, Func<Delivery, Delivery?> change, CancellationToken ct) =>
        IdKind.Delivery.IsValid(id)
            ? await _rows.MutateAsync(tenant, IdKind.Delivery.RowKeyOf(id), (delivery, _) => ValueTask.FromResult(delivery.Unreadable is null ? change(delivery) : null), ct)
            : null;

    public Task RemoveAsync(string tenant, string id, CancellationToken ct) =>
        _rows.DeleteAsync(tenant, IdKind.Delivery.RowKeyOf(id), ct);

    /// <summary>
    /// A page of a tenant's deliveries, newest first, and whether there are more. With conditions on rows storage may look through many that match
    /// nothing, so that it is asked as often as for a page of batches at most: then the page is as long as it has become by then.
    /// </summary>
    /// <exception cref="ApiException">So much was read, and nothing matched.</exception>
    public async Task<(IReadOnlyList<Delivery> Deliveries, bool HasMore)> ListAsync(string tenant, DeliveryListing listing, CancellationToken ct)
    {
        var deliveries = new List<Delivery>(listing.Limit + 1);
        var requests = 0;
        await foreach (var (page, isLast) in _rows.PagesAsync(listing.QueryOf(tenant), listing.Limit + 1, ct))
        {
            requests++;
            foreach (var delivery in page)
            {
                if (deliveries.Count == listing.Limit)
                {
                    return (deliveries, true);
                }

                deliveries.Add(delivery);
            }

            if (requests >= BatchStore.MostRequests && listing.LooksAtRows && !isLast)
            {
                return deliveries.Count > 0 ? (deliveries, true) : throw new ApiException(WebhookErrors.NothingFoundYet);
            }
        }

        return (deliveries, false);
    }

    private static TableEntity ToRow(Delivery delivery) => new(delivery.Tenant, IdKind.Delivery.RowKeyOf(delivery.Id))
    {
        ["WebhookId"] = delivery.WebhookId,
        ["EventId"] = delivery.EventId,
        ["Type"] = delivery.Type,
        ["BatchId"] = delivery.BatchId,
        ["EventAt"] = delivery.EventAt,
        ["IsTest"] = delivery.IsTest ? true : null,
        ["Status"] = delivery.Status.Wire(),
        ["Attempts"] = delivery.Attempts,
        ["Tries"] = delivery.Tries,
        ["BegunAt"] = delivery.BegunAt,
        ["NextAt"] = delivery.NextAt,
        ["PutOffAt"] = delivery.PutOffAt,
        ["Chances"] = delivery.Chances > 0 ? delivery.Chances : null,
        ["LastAt"] = delivery.LastAt,
        ["LastStatus"] = delivery.LastStatus,
        ["LastError"] = delivery.LastError,
        ["EndedAt"] = delivery.EndedAt,
    };

    /// <summary>What stands for a row that cannot be read: a delivery that has failed, from whose event on it is kept as long as any.</summary>
    private static Delivery Unreadable(TableEntity row, Exception e)
    {
        var id = IdKind.Delivery.IdOf(row.RowKey);
        var at = IdKind.Delivery.CreatedAt(id);
        return new Delivery
        {
            Tenant = row.PartitionKey,
            Id = id,
            WebhookId = row["WebhookId"] as string,
            EventId = row["EventId"] as string ?? "",
            Type = row["Type"] as string ?? "",
            BatchId = row["BatchId"] as string ?? "",
            EventAt = at,
            BegunAt = at,
            Unreadable = e.Message,
        }.GivenUp("unreadable", at);
    }

    private static Delivery FromRow(TableEntity row) => new Delivery
    {
        Tenant = row.PartitionKey,
        Id = IdKind.Delivery.IdOf(row.RowKey),
        WebhookId = row.GetString("WebhookId"),
        EventId = Required(row, "EventId"),
        Type = Required(row, "Type"),
        BatchId = Required(row, "BatchId"),
        EventAt = row.GetDateTimeOffset("EventAt")!.Value,
        IsTest = row.GetBoolean("IsTest") ?? false,
        BegunAt = row.GetDateTimeOffset("BegunAt")!.Value,
    }.As(
        DeliveryStatusNames.Parse(row.GetString("Status")),
        row.GetInt32("Attempts")!.Value,
        row.GetInt32("Tries")!.Value,
        row.GetDateTimeOffset("NextAt"),
        row.GetDateTimeOffset("PutOffAt"),
        row.GetInt32("Chances") ?? 0,
        row.GetDateTimeOffset("LastAt"),
        row.GetInt32("LastStatus"),
        row.GetString("LastError"),
        row.GetDateTimeOffset("EndedAt"));

    private static string Required(TableEntity row, string column) =>
        row.GetString(column) ?? throw new FormatException($"The delivery's row has no {column}.");
}
