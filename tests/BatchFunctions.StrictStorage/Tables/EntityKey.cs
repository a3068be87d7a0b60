namespace BatchFunctions.StrictStorage.Tables;

/// <summary>The two keys of an entity, by which a table is sorted.</summary>
internal readonly record struct EntityKey(string Partition, string Row) : IComparable<EntityKey>
{
    public int CompareTo(EntityKey other) => string.CompareOrdinal(Partition, other.Partition) is var order and not 0
        ? order
        : string.CompareOrdinal(Row, other.Row);

    public override string ToString() => $"(PartitionKey='{Partition}',RowKey='{Row}')";
}
