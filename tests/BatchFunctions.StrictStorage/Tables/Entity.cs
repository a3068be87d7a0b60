using System.Globalization;

namespace BatchFunctions.StrictStorage.Tables;

/// <summary>An entity as a table keeps it.</summary>
/// <param name="Key">Its keys.</param>
/// <param name="Properties">
/// Its other properties by name, each a string, int, long, double, bool, <see cref="DateTimeOffset"/>, <see cref="Guid"/> or bytes.
/// </param>
/// <param name="Timestamp">When it was last written.</param>
internal sealed record Entity(EntityKey Key, IReadOnlyDictionary<string, object> Properties, DateTimeOffset Timestamp)
{
    public const string PartitionKey = "PartitionKey";
    public const string RowKey = "RowKey";
    public const string TimestampName = "Timestamp";

    /// <summary>Its version; an entity is never written anew, but replaced.</summary>
    public string ETag { get; } = $"W/\"datetime'{Uri.EscapeDataString(TimeOf(Timestamp))}'\"";

    /// <summary>A property's value, the keys and the timestamp among them; null if it has no such property.</summary>
    public object? ValueOf(string name) => name switch
    {
        PartitionKey => Key.Partition,
        RowKey => Key.Row,
        TimestampName => Timestamp,
        _ => Properties.GetValueOrDefault(name),
    };

    public static string TimeOf(DateTimeOffset time) =>
        time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
