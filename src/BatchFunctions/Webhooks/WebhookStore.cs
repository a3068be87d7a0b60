using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Webhooks;

/// <summary>The table of webhooks: one partition per tenant.</summary>
internal sealed class WebhookStore(TableClient table)
{
    private readonly FencedTable<Webhook> _rows = new(table, ToRow, FromRow);

    public WebhookStore(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.Webhooks))
    {
    }

    public async Task<Webhook> InsertAsync(Webhook webhook, CancellationToken ct) =>
        await _rows.TryInsertAsync(webhook, ct) ?? throw new ConcurrencyException($"Webhook id {webhook.Id}");

    /// <summary>A webhook by what a caller says is its id; null if there is none, or it is no id.</summary>
    public async Task<Webhook?> FindAsync(string tenant, string id, CancellationToken ct) =>
        IdKind.Webhook.IsValid(id) ? await _rows.FindAsync(tenant, IdKind.Webhook.RowKeyOf(id), ct) : null;

    /// <summary>All of a tenant's webhooks, newest first: there are few.</summary>
    public ValueTask<List<Webhook>> ListAsync(string tenant, CancellationToken ct) =>
        _rows.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {tenant}"), null, ct).ToListAsync(ct);

    /// <inheritdoc cref="FencedTable{T}.MutateAsync"/>
    public async Task<Webhook?> MutateAsync(string tenant, string id, Func<Webhook, Webhook?> change, CancellationToken ct) =>
        IdKind.Webhook.IsValid(id)
            ? await _rows.MutateAsync(tenant, IdKind.Webhook.RowKeyOf(id), (webhook, _) => ValueTask.FromResult(change(webhook)), ct)
            : null;

    public Task RemoveAsync(string tenant, string id, CancellationToken ct) =>
        _rows.DeleteAsync(tenant, IdKind.Webhook.RowKeyOf(id), ct);

    private static TableEntity ToRow(Webhook webhook) => new(webhook.Tenant, IdKind.Webhook.RowKeyOf(webhook.Id))
    {
        ["Url"] = webhook.Url,
        ["Secret"] = webhook.Secret,
        ["OldSecret"] = webhook.OldSecret,
        ["OldSecretUntil"] = webhook.OldSecretUntil,
        ["Events"] = string.Join(',', webhook.Events),
        ["Name"] = webhook.Name,
        ["FailingSince"] = webhook.FailingSince,
        ["DisabledAt"] = webhook.DisabledAt,
        ["DisabledReason"] = webhook.DisabledReason,
    };

    private static Webhook FromRow(TableEntity row) => new()
    {
        Tenant = row.PartitionKey,
        Id = IdKind.Webhook.IdOf(row.RowKey),
        Url = row.GetString("Url"),
        Secret = row.GetString("Secret"),
        OldSecret = row.GetString("OldSecret"),
        OldSecretUntil = row.GetDateTimeOffset("OldSecretUntil"),
        Events = row.GetString("Events").Split(','),
        Name = row.GetString("Name"),
        FailingSince = row.GetDateTimeOffset("FailingSince"),
        DisabledAt = row.GetDateTimeOffset("DisabledAt"),
        DisabledReason = row.GetString("DisabledReason"),
    };
}
