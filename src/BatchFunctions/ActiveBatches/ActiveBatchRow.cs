using System.Globalization;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.ActiveBatches;

/// <summary>
/// The columns of an active row. Whatever is in one, it is read: what is spoilt counts as not there, since a batch's own row decides
/// what may be done with it.
/// </summary>
internal static class ActiveBatchRow
{
    public const string InputFileId = "InputFileId";
    public const string CreatedAt = "CreatedAt";
    public const string Status = "Status";
    public const string Lines = "Lines";
    public const string LookAt = "LookAt";
    public const string ProgressAt = "ProgressAt";
    public const string WaitsFor = "WaitsFor";
    public const string Waiting = "Waiting";
    public const string WaitsSince = "WaitsSince";
    public const string ClosingSince = "ClosingSince";
    public const string UnreadableSince = "UnreadableSince";

    private const char Separator = ',';

    /// <summary>What is read of a row: not the sources, which only deletions of files ask for.</summary>
    public static IReadOnlyList<string> Read { get; } =
    [
        "PartitionKey", "RowKey", InputFileId, CreatedAt, Status, Lines, LookAt, ProgressAt, WaitsFor, Waiting, WaitsSince, ClosingSince, UnreadableSince,
        TableWrites.Version,
    ];

    /// <summary>A source each: an input, an error file and an output.</summary>
    private static readonly string[] Sources = ["Source1", "Source2", "Source3"];

    /// <summary>The row of a batch that is about to be made: the next sweep looks at it.</summary>
    public static TableEntity NewOf(ActiveBatch active)
    {
        var row = new TableEntity(active.Key.Tenant, active.Key.Id)
        {
            [InputFileId] = active.InputFileId,
            [CreatedAt] = active.CreatedAt,
            [Status] = active.Status,
            [Lines] = active.Lines,
            [LookAt] = active.CreatedAt,
        };
        foreach (var (column, source) in Sources.Zip(active.Sources))
        {
            row[column] = source;
        }

        return row;
    }

    public static ActiveBatch FromRow(TableEntity row) => new(
        new BatchKey(row.PartitionKey, row.RowKey),
        TextOf(row, InputFileId) ?? "",
        TimeOf(row, CreatedAt) ?? IdKind.Batch.CreatedAt(row.RowKey))
    {
        Status = TextOf(row, Status) ?? ActiveBatch.NewStatus,
        Lines = LinesOf(row),
        LookAt = TimeOf(row, LookAt),
        ProgressAt = TimeOf(row, ProgressAt),
        WaitsFor = ListOf(row, WaitsFor),
        Waiting =
        [
            .. ListOf(row, Waiting)
                .Select(static text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)
                .Where(static number => number >= 0),
        ],
        WaitsSince = TimeOf(row, WaitsSince),
        ClosingSince = TimeOf(row, ClosingSince),
        UnreadableSince = TimeOf(row, UnreadableSince),
        IsNewer = NewerRowException.IsNewer(row),
        ETag = row.ETag,
    };

    /// <summary>None where an older version wrote the row, until a sweep notes them.</summary>
    public static int LinesOf(TableEntity row) => row.TryGetValue(Lines, out var lines) && lines is int count ? count : 0;

    /// <summary>A list as a column has it; none is an empty text, since a merge removes no column.</summary>
    public static string Joined<T>(IEnumerable<T> items) => string.Join(Separator, items.Select(static item => string.Create(CultureInfo.InvariantCulture, $"{item}")));

    private static string[] ListOf(TableEntity row, string column) =>
        TextOf(row, column) is { Length: > 0 } text ? text.Split(Separator) : [];

    private static string? TextOf(TableEntity row, string column) => row.TryGetValue(column, out var value) ? value as string : null;

    private static DateTimeOffset? TimeOf(TableEntity row, string column) =>
        row.TryGetValue(column, out var value) && value is DateTimeOffset time ? time : null;
}
