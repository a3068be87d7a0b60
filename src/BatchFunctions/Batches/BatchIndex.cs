using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Batches;

/// <summary>
/// The index of ended batches: one partition per tenant, in it for each <see cref="BatchFacets">facet</see> of a batch a row, whose key is the
/// facet and the key of the batch's row, so that each facet is in the order of the list. Entries are hints: whoever follows one reads the batch.
/// That none is missing of what was made before the tenant's mark is what the index promises, and
/// <c>BatchIndexing</c> sees to.
/// </summary>
internal sealed class BatchIndex(TableClient table)
{
    /// <summary>How many transactions are under way at once.</summary>
    private const int AtOnce = 8;

    /// <summary>The most requests for one part.</summary>
    private const int MostRequests = 5;

    /// <summary>The key of a tenant's mark: behind all entries, which begin with a hex digit.</summary>
    private const string MarkKey = "mark";

    /// <summary>The key of the row that says when batches are looked for next. No tenant has a bar.</summary>
    private const string DueKey = "|due";

    /// <summary>Behind every row key that begins with hex digits.</summary>
    private const string BehindDigits = "g";

    private const string Number = "Number";
    private const string Endpoint = "Endpoint";
    private const string Model = "Model";
    private const string At = "At";
    private const string After = "After";

    public BatchIndex(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.BatchIndex))
    {
    }

    /// <summary>How far a tenant's batches are in the index.</summary>
    public async Task<BatchIndexMark> MarkOfAsync(string tenant, CancellationToken ct)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(tenant, MarkKey, null, ct);
        return found is { HasValue: true, Value: { } row } && !NewerRowException.IsNewer(row)
            && row.GetDateTimeOffset("Until") is { } until && row.GetInt64("Count") is { } count
                ? new BatchIndexMark(tenant, until, count, row.ETag)
                : BatchIndexMark.NoneOf(tenant);
    }

    /// <summary>Moves a mark, once all entries before it stand.</summary>
    /// <returns>The mark as it is now; null if another has moved it.</returns>
    public async Task<BatchIndexMark?> TryMoveAsync(BatchIndexMark mark, DateTimeOffset until, long count, CancellationToken ct)
    {
        var row = new TableEntity(mark.Tenant, MarkKey) { ["Until"] = until, ["Count"] = count };
        return await TableWrites.TryWriteAsync(table, row, mark.ETag, ct) is { } etag ? mark with { Until = until, Count = count, ETag = etag } : null;
    }

    /// <summary>Puts batches into the index, or puts them there again.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="batches">The batches, by their numbers.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task PutAsync(string tenant, IEnumerable<(long Number, EndedBatch Batch)> batches, CancellationToken ct)
    {
        var groups = batches
            .SelectMany(numbered => RowsOf(tenant, numbered.Batch, numbered.Number))
            .Select(static row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row))
            .Chunk(TableWrites.MostInTransaction);
        return Parallel.ForEachAsync(
            groups,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct },
            async (group, token) => await table.SubmitTransactionAsync(group, token));
    }

    /// <summary>Removes what the index has of a batch.</summary>
    public async Task RemoveAsync(string tenant, EndedBatch batch, CancellationToken ct)
    {
        var rows = RowsOf(tenant, batch, 0).ToList();

        // Mostly the batch is in the index with all of its rows, or not at all: the first one tells.
        if ((await table.GetEntityIfExistsAsync<TableEntity>(tenant, rows[0].RowKey, ["RowKey"], ct)).HasValue)
        {
            await TableWrites.DeleteAllAsync(table, tenant, rows.Select(static row => row.RowKey), ct);
        }
    }

    /// <summary>Reads what is under a facet, in the order of the list.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="facet">The facet.</param>
    /// <param name="filter">What else is asked for: storage leaves out what has another endpoint or model.</param>
    /// <param name="after">The row key behind which it begins.</param>
    /// <param name="last">The row key with which it ends; null for the last there is.</param>
    /// <param name="wanted">How many entries are wanted.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task<BatchIndexPart> ReadAsync(
        string tenant, string facet, BatchFilter filter, string after, string? last, int wanted, CancellationToken ct)
    {
        var clauses = new List<string>
        {
            TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and RowKey gt {facet + after} and RowKey lt {facet + BehindDigits}"),
        };
        if (last is not null)
        {
            clauses.Add(TableClient.CreateQueryFilter($"RowKey le {facet + last}"));
        }

        if (filter.Metadata.Count > 0 && filter.Endpoint is { } endpoint)
        {
            clauses.Add(TableClient.CreateQueryFilter($"Endpoint eq {endpoint}"));
        }

        if (filter.Metadata.Count > 0 && filter.Model is { } model)
        {
            clauses.Add(TableClient.CreateQueryFilter($"Model eq {model}"));
        }

        var (entries, requests) = (new List<BatchIndexEntry>(wanted), 0);
        var pages = table.QueryAsync<TableEntity>(string.Join(" and ", clauses), wanted, ["RowKey", Number], ct).AsPages(pageSizeHint: wanted);
        await foreach (var page in pages)
        {
            requests++;
            entries.AddRange(page.Values.Select(static row => new BatchIndexEntry(row.RowKey[BatchFacets.Length..], row.GetInt64(Number) ?? 0)));
            if (string.IsNullOrEmpty(page.ContinuationToken))
            {
                break;
            }

            if (entries.Count >= wanted || requests >= MostRequests)
            {
                return new BatchIndexPart(entries, IsLast: false, requests);
            }
        }

        return new BatchIndexPart(entries, IsLast: true, requests);
    }

    /// <summary>Whoever finds that it is time looks for batches that have ended, and nobody else until the given time.</summary>
    /// <param name="now">The time.</param>
    /// <param name="next">When to look next.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>Whether it is the caller's turn; when it is somebody's next; and the tenant that was looked at last, if there was no time for all.</returns>
    public async Task<(bool IsTaken, DateTimeOffset Next, string After)> TryTakeTurnAsync(DateTimeOffset now, DateTimeOffset next, CancellationToken ct)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(DueKey, DueKey, null, ct);
        if (found.HasValue && found.Value!.GetDateTimeOffset(At) is { } due && now < due && due <= next)
        {
            return (false, due, "");
        }

        var isTaken = await TableWrites.TryWriteAsync(table, DueRow(next, ""), found.HasValue ? found.Value!.ETag : null, ct) is not null;
        return (isTaken, next, (found.HasValue ? found.Value!.GetString(After) : null) ?? "");
    }

    /// <summary>Says that there is more to do at once, behind a tenant.</summary>
    public Task GiveTurnBackAsync(DateTimeOffset now, string after, CancellationToken ct) =>
        table.UpsertEntityAsync(DueRow(now, after), TableUpdateMode.Replace, ct);

    private static TableEntity DueRow(DateTimeOffset at, string after) =>
        new(DueKey, DueKey) { [At] = at, [After] = after, [TableWrites.Version] = TableWrites.CurrentVersion };

    private static IEnumerable<TableEntity> RowsOf(string tenant, EndedBatch batch, long number) => BatchFacets.Of(batch)
        .Distinct(StringComparer.Ordinal)
        .Select(facet =>
        {
            var row = new TableEntity(tenant, facet + batch.RowKey)
            {
                [Number] = number,
                [Endpoint] = batch.Endpoint,
                [TableWrites.Version] = TableWrites.CurrentVersion,
            };
            if (batch.Model is not null)
            {
                row[Model] = batch.Model;
            }

            return row;
        });
}
