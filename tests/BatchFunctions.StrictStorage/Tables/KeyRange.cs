namespace BatchFunctions.StrictStorage.Tables;

/// <summary>
/// A stretch of a table, as far as a filter tells it by the partition and, within one partition, by the row. It may have entities
/// that do not fit the filter, and lacks none that do.
/// </summary>
/// <param name="Partition">The one partition; null for all.</param>
/// <param name="FirstRow">No row within the partition comes before it.</param>
/// <param name="LastRow">No row within the partition comes after it; null for no end.</param>
internal sealed record KeyRange(string? Partition, string FirstRow, string? LastRow)
{
    public static KeyRange All { get; } = new(null, "", null);

    /// <summary>Where the first entity may be.</summary>
    public EntityKey Start => new(Partition ?? "", Partition is null ? "" : FirstRow);

    public static KeyRange Of(string property, string comparison, string text) => (property, comparison) switch
    {
        (Entity.PartitionKey, "eq") => All with { Partition = text },
        (Entity.RowKey, "eq") => All with { FirstRow = text, LastRow = text },
        (Entity.RowKey, "gt" or "ge") => All with { FirstRow = text },
        (Entity.RowKey, "lt" or "le") => All with { LastRow = text },
        _ => All,
    };

    /// <summary>What both have.</summary>
    public KeyRange Within(KeyRange other) => new(
        Partition ?? other.Partition,
        string.CompareOrdinal(FirstRow, other.FirstRow) >= 0 ? FirstRow : other.FirstRow,
        LastRow is null || (other.LastRow is not null && string.CompareOrdinal(other.LastRow, LastRow) < 0) ? other.LastRow : LastRow);

    /// <summary>Whether an entity comes after all that may fit.</summary>
    public bool EndsBefore(EntityKey key) => Partition is not null
        && string.CompareOrdinal(key.Partition, Partition) is var order
        && (order > 0 || (order == 0 && LastRow is not null && string.CompareOrdinal(key.Row, LastRow) > 0));
}
