using Azure.Data.Tables;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Lines;

namespace BatchFunctions.Batches;

/// <summary>Which batches a list is asked for. Every condition that is given must hold.</summary>
internal sealed record BatchFilter
{
    /// <summary>All batches.</summary>
    public static BatchFilter None { get; } = new();

    /// <summary>One of these statuses; empty for any.</summary>
    public IReadOnlyList<BatchStatus> Statuses { get; init; } = [];

    public string? Endpoint { get; init; }

    /// <summary>The model that all of a batch's lines share.</summary>
    public string? Model { get; init; }

    /// <summary>Created then or later.</summary>
    public DateTimeOffset? CreatedSince { get; init; }

    /// <summary>Created before then.</summary>
    public DateTimeOffset? CreatedBefore { get; init; }

    /// <summary>Pairs that a batch's metadata has.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Whether rows must be looked at to know which match. Otherwise the row keys say it, and a page is one request.
    /// </summary>
    public bool LooksAtRows => Statuses.Count > 0 || Endpoint is not null || Model is not null || Metadata.Count > 0;

    /// <summary>Whether storage itself leaves out all that do not match.</summary>
    public bool IsStoragesAlone => Metadata.Count == 0;

    /// <summary>
    /// Whether it asks for a text that is longer than any batch's, so that none can match: storage is not asked, whose queries have a limit too.
    /// </summary>
    public bool IsVain => Endpoint?.Length > BatchOptions.LongestEndpoint || Model?.EnumerateRunes().Count() > LineChecker.MaxModelCharacters;

    /// <summary>Whether only batches match that have not ended.</summary>
    public bool IsOfActiveAlone => Statuses.Count > 0 && !Statuses.Any(BatchStatusNames.HasEnded);

    /// <summary>The same, of batches that are no older than one.</summary>
    public BatchFilter From(BatchKey oldest)
    {
        var since = IdKind.Batch.CreatedAt(oldest.Id);
        return CreatedSince >= since ? this : this with { CreatedSince = since };
    }

    /// <summary>Whether a batch matches.</summary>
    public bool Matches(Batch batch) =>
        (Statuses.Count == 0 || Statuses.Contains(batch.Status))
        && (Endpoint is null || batch.Endpoint == Endpoint)
        && (Model is null || batch.Model == Model)
        && !(batch.CreatedAt < CreatedSince)
        && !(batch.CreatedAt >= CreatedBefore)
        && Metadata.All(pair => batch.Metadata?.TryGetValue(pair.Key, out var value) == true && value == pair.Value);

    /// <summary>The query for a tenant's rows, as far as storage can tell: metadata is looked at here.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="after">The batch behind which it begins; null for the newest.</param>
    public string QueryOf(string tenant, string? after)
    {
        var clauses = new List<string> { TableClient.CreateQueryFilter($"PartitionKey eq {tenant}") };
        var first = after is null ? null : IdKind.Batch.RowKeyOf(after);
        if (CreatedBefore is { } before && IdKind.Batch.LastRowKeySince(before) is var key && string.CompareOrdinal(key, first) > 0)
        {
            first = key;
        }

        if (first is not null)
        {
            clauses.Add(TableClient.CreateQueryFilter($"RowKey gt {first}"));
        }

        if (CreatedSince is { } since)
        {
            clauses.Add(TableClient.CreateQueryFilter($"RowKey le {IdKind.Batch.LastRowKeySince(since)}"));
        }

        AddConditions(clauses);
        return string.Join(" and ", clauses);
    }

    /// <summary>The query for those rows between two, both included, whenever they were made.</summary>
    public string QueryOf(string tenant, string firstRowKey, string lastRowKey)
    {
        var clauses = new List<string> { TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and RowKey ge {firstRowKey} and RowKey le {lastRowKey}") };
        AddConditions(clauses);
        return string.Join(" and ", clauses);
    }

    /// <summary>What of a tenant's rows is asked for whenever they were made, as a text that is the same for the same conditions.</summary>
    public string ConditionsOf(string tenant)
    {
        var clauses = new List<string> { tenant };
        AddConditions(clauses);
        clauses.AddRange(Metadata.Select(static pair => $"{pair.Key.Length} {pair.Key} {pair.Value}"));
        return string.Join('\n', clauses);
    }

    private void AddConditions(List<string> clauses)
    {
        if (Statuses.Count > 0)
        {
            clauses.Add($"({string.Join(" or ", Statuses.Select(status => TableClient.CreateQueryFilter($"Status eq {status.Wire()}")))})");
        }

        if (Endpoint is not null)
        {
            clauses.Add(TableClient.CreateQueryFilter($"Endpoint eq {Endpoint}"));
        }

        if (Model is not null)
        {
            clauses.Add(TableClient.CreateQueryFilter($"Model eq {Model}"));
        }
    }
}
