using BatchFunctions.Http;
using BatchFunctions.Ids;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Batches;

/// <summary>What <c>GET /v1/batches</c> is asked for.</summary>
/// <param name="After">The batch behind which the page begins; null for the newest.</param>
/// <param name="Limit">The most batches on the page.</param>
/// <param name="Filter">Which batches.</param>
internal sealed record BatchListing(string? After, int Limit, BatchFilter Filter)
{
    private const string MetadataStart = "metadata[";

    /// <summary>The latest time that an id can have, in Unix seconds.</summary>
    private const long LatestSecond = 253_402_300_799;

    private static readonly string[] Parameters =
        ["after", "limit", "status", "endpoint", "model", "created_after", "created_before", MetadataStart + "KEY]"];

    /// <exception cref="ApiException">A parameter is not known, or its value is wrong.</exception>
    public static BatchListing Of(HttpRequest request)
    {
        // Keys of metadata that differ in their case alone are two.
        var query = ApiQuery.CaseSensitive(request);
        if (ApiQuery.Unknown(query, name => Parameters.Contains(name, StringComparer.Ordinal) || KeyIn(name) is not null) is { } unknown)
        {
            throw new ApiException(BatchErrors.NoFilter(unknown, Parameters));
        }

        // An empty cursor is refused too: it comes from a client that has run past the end, and page one would
        // make it loop forever.
        var after = ApiQuery.Single(query, "after");
        if (after is not null && !IdKind.Batch.IsValid(after))
        {
            throw new ApiException(ApiError.BadCursor("after", IdKind.Batch.Form));
        }

        return new BatchListing(after, ApiQuery.Limit(query, BatchApi.DefaultLimit, BatchApi.MaxLimit), new BatchFilter
        {
            Statuses = StatusesIn(query),
            Endpoint = ApiQuery.Single(query, "endpoint"),
            Model = ApiQuery.Single(query, "model"),
            CreatedSince = TimeIn(query, "created_after"),
            CreatedBefore = TimeIn(query, "created_before"),
            Metadata = query.Keys.Where(name => KeyIn(name) is not null).ToDictionary(name => KeyIn(name)!, name => ApiQuery.Single(query, name)!, StringComparer.Ordinal),
        });
    }

    /// <summary>The row key behind which lie the batches that are asked for and were made before a time.</summary>
    public string FirstRowKeyBehind(DateTimeOffset until)
    {
        var key = IdKind.Batch.LastRowKeySince(Filter.CreatedBefore < until ? Filter.CreatedBefore.Value : until);
        return After is not null && IdKind.Batch.RowKeyOf(After) is var after && string.CompareOrdinal(after, key) > 0 ? after : key;
    }

    /// <summary>Statuses may be given several times, and several at once.</summary>
    private static BatchStatus[] StatusesIn(IQueryCollection query) =>
    [
        .. query["status"].SelectMany(value => (value ?? "").Split(',')).Distinct(StringComparer.Ordinal).Select(name =>
            BatchStatusNames.All.Contains(name, StringComparer.Ordinal)
                ? BatchStatusNames.Parse(name)
                : throw new ApiException(ApiError.Unsupported("status", ApiError.Shown(name), BatchStatusNames.All))),
    ];

    private static DateTimeOffset? TimeIn(IQueryCollection query, string name) =>
        ApiQuery.Number(query, name, 0, LatestSecond) is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static string? KeyIn(string name) =>
        name.StartsWith(MetadataStart, StringComparison.Ordinal) && name.EndsWith(']') && name.Length > MetadataStart.Length + 1
            ? name[MetadataStart.Length..^1]
            : null;
}
