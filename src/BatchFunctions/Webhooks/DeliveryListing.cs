using Azure.Data.Tables;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Webhooks;

/// <summary>What <c>GET /v1/webhooks/deliveries</c> is asked for.</summary>
/// <param name="After">The delivery behind which the page begins; null for the newest.</param>
/// <param name="Limit">The most deliveries on the page.</param>
/// <param name="WebhookId">Those to this webhook alone; null for all.</param>
/// <param name="BatchId">Those about this batch alone; null for all.</param>
/// <param name="Status">Those of this status alone; null for all.</param>
internal sealed record DeliveryListing(string? After, int Limit, string? WebhookId, string? BatchId, string? Status)
{
    /// <summary>The page size unless the request sets one.</summary>
    public const int DefaultLimit = 20;

    /// <summary>The largest page size that a request may set.</summary>
    public const int MaxLimit = 100;

    private static readonly string[] Parameters = ["after", "limit", "webhook_id", "batch_id", "status"];

    /// <summary>Whether it asks for what only the rows say, and not their keys.</summary>
    public bool LooksAtRows => WebhookId is not null || BatchId is not null || Status is not null;

    /// <exception cref="ApiException">A parameter is not known, or its value is wrong.</exception>
    public static DeliveryListing Of(IQueryCollection query)
    {
        if (ApiQuery.Unknown(query, name => Parameters.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw new ApiException(ApiError.Unknown(ApiError.Shown(unknown)));
        }

        var status = ApiQuery.Single(query, "status");
        return status is null || DeliveryStatusNames.All.Contains(status, StringComparer.Ordinal)
            ? new DeliveryListing(
                IdIn(query, "after", IdKind.Delivery),
                ApiQuery.Limit(query, DefaultLimit, MaxLimit),
                IdIn(query, "webhook_id", IdKind.Webhook),
                IdIn(query, "batch_id", IdKind.Batch),
                status)
            : throw new ApiException(ApiError.Unsupported("status", ApiError.Shown(status), DeliveryStatusNames.All));
    }

    /// <summary>The query for a tenant's rows.</summary>
    public string QueryOf(string tenant)
    {
        var clauses = new List<string> { TableClient.CreateQueryFilter($"PartitionKey eq {tenant}") };
        if (After is not null)
        {
            clauses.Add(TableClient.CreateQueryFilter($"RowKey gt {IdKind.Delivery.RowKeyOf(After)}"));
        }

        if (WebhookId is not null)
        {
            clauses.Add(TableClient.CreateQueryFilter($"WebhookId eq {WebhookId}"));
        }

        if (BatchId is not null)
        {
            // Nothing is told of a batch before it is made.
            var last = IdKind.Delivery.LastRowKeySince(IdKind.Batch.CreatedAt(BatchId));
            clauses.Add(TableClient.CreateQueryFilter($"RowKey le {last} and BatchId eq {BatchId}"));
        }

        if (Status is not null)
        {
            clauses.Add(TableClient.CreateQueryFilter($"Status eq {Status}"));
        }

        return string.Join(" and ", clauses);
    }

    private static string? IdIn(IQueryCollection query, string name, IdKind kind) =>
        ApiQuery.Single(query, name) is not { } id || kind.IsValid(id) ? ApiQuery.Single(query, name) : throw new ApiException(ApiError.BadCursor(name, kind.Form));
}
