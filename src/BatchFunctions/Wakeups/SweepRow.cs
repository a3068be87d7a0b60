using Azure.Data.Tables;

namespace BatchFunctions.Wakeups;

/// <summary>
/// The row of <c>pending</c> about sweeps: of one that was asked for and not taken up; or, with a holder, of one under way that takes
/// longer. The latter is due when it was written, and so lapses when a message that was due by then would be lost: an earlier version, which
/// does not know holders, judges alike.
/// </summary>
internal static class SweepRow
{
    public const string Partition = "sweep";
    public const string Key = "sweep";
    public const string AskedAt = "AskedAt";
    public const string DueAt = "DueAt";
    private const string HolderColumn = "Holder";
    private const string WantedColumn = "WantedBy";

    /// <summary>The row of a sweep that was asked for.</summary>
    public static TableEntity Asked(DateTimeOffset dueAt, DateTimeOffset now) => new(Partition, Key)
    {
        ["Tenant"] = "",
        [AskedAt] = now,
        [DueAt] = dueAt,
    };

    /// <summary>The row of a sweep that is under way.</summary>
    /// <param name="holder">Its id.</param>
    /// <param name="wanted">When another is wanted behind it; null where nobody has asked for one.</param>
    /// <param name="now">The time.</param>
    public static TableEntity Held(string holder, DateTimeOffset? wanted, DateTimeOffset now)
    {
        var row = Asked(now, now);
        row[HolderColumn] = holder;
        if (wanted is { } by)
        {
            row[WantedColumn] = by;
        }

        return row;
    }

    /// <summary>The sweep that is under way; null where one was asked for.</summary>
    public static string? HolderOf(TableEntity row) => row.TryGetValue(HolderColumn, out var holder) ? holder as string : null;

    /// <summary>When another is wanted behind the one that is under way, if anybody has asked for one.</summary>
    public static DateTimeOffset? WantedBy(TableEntity row) => TimeOf(row, WantedColumn);

    /// <summary>Says in the row of a sweep that is under way when another is wanted behind it.</summary>
    public static void Want(TableEntity row, DateTimeOffset by) => row[WantedColumn] = by;

    /// <summary>When it was asked for, or last held. Null where the row does not say: then it counts as long ago.</summary>
    public static DateTimeOffset? AskedAtOf(TableEntity row) => TimeOf(row, AskedAt);

    /// <summary>When the message of one that was asked for is due; null where the row does not say.</summary>
    public static DateTimeOffset? DueAtOf(TableEntity row) => TimeOf(row, DueAt);

    /// <summary>Whether the row is of a sweep that is under way, and has been written lately.</summary>
    /// <param name="row">The row.</param>
    /// <param name="lapse">How long after its last writing it counts for nothing.</param>
    /// <param name="now">The time.</param>
    public static bool IsHeld(TableEntity row, TimeSpan lapse, DateTimeOffset now) =>
        HolderOf(row) is not null && AskedAtOf(row) + lapse >= now;

    private static DateTimeOffset? TimeOf(TableEntity row, string column) =>
        row.TryGetValue(column, out var value) && value is DateTimeOffset time ? time : null;
}
