using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Metering;

/// <summary>The parameters of a question about usage: whole days, UTC.</summary>
/// <param name="From">The first day.</param>
/// <param name="To">The last day.</param>
/// <param name="ByModel">Whether there is one bucket with a result for each model, instead of one for each day with a single result.</param>
internal sealed record UsageQuery(DateOnly From, DateOnly To, bool ByModel)
{
    /// <summary>The most days of one answer: what is read has a row for each of them and each model.</summary>
    public const int MostDays = 366;

    /// <summary>The days of an answer whose beginning is not asked for.</summary>
    public const int UsualDays = 30;

    private const long LatestSecond = 253_402_300_799;
    /// <summary>The day from which Unix time counts.</summary>
    private static readonly int FirstDay = DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    private const string Day = "day";
    private const string Model = "model";

    private static readonly string[] Parameters = ["start", "end", "group_by"];

    /// <summary>What usage may be grouped by.</summary>
    public static IReadOnlyList<string> Groups { get; } = [Day, Model];

    /// <exception cref="ApiException">A parameter is not known, or its value is wrong.</exception>
    public static UsageQuery Of(IQueryCollection query, DateTimeOffset now)
    {
        if (ApiQuery.Unknown(query, name => Parameters.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw new ApiException(UsageErrors.NoParameter(unknown, Parameters));
        }

        var group = ApiQuery.Single(query, "group_by") ?? Day;
        if (!Groups.Contains(group))
        {
            throw new ApiException(ApiError.Unsupported("group_by", ApiError.Shown(group), Groups));
        }

        var end = TimeIn(query, "end") ?? now;
        var start = TimeIn(query, "start");
        if (start >= end)
        {
            throw new ApiException(UsageErrors.EndBeforeStart);
        }

        // A time within a day means the whole day: an end on midnight is that of the day before.
        var to = DateOnly.FromDateTime(end.UtcDateTime.AddTicks(end == DateTimeOffset.UnixEpoch ? 0 : -1));
        var from = start is { } given ? DateOnly.FromDateTime(given.UtcDateTime) : DateOnly.FromDayNumber(Math.Max(to.DayNumber - UsualDays + 1, FirstDay));
        var days = to.DayNumber - from.DayNumber + 1;
        return days <= MostDays
            ? new UsageQuery(from, to, group == Model)
            : throw new ApiException(UsageErrors.TooManyDays(days, MostDays));
    }

    private static DateTimeOffset? TimeIn(IQueryCollection query, string name) =>
        ApiQuery.Number(query, name, 0, LatestSecond) is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
}

/// <summary>The errors of questions about usage.</summary>
internal static class UsageErrors
{
    public static ApiError EndBeforeStart { get; } = ApiError.InvalidRequest("Invalid 'start': it must be before 'end', which is now where it is not given.", "start");

    public static ApiError TooManyDays(int days, int most) => ApiError.InvalidRequest(
        ApiError.Text($"Invalid 'start': 'start' and 'end' are {days} days apart, and one answer has {most} at most. Ask for less at a time."), "start", "range_too_long");

    public static ApiError NoParameter(string name, IEnumerable<string> known) => ApiError.InvalidRequest(
        $"Unknown parameter: '{ApiError.Shown(name)}'. Usage is asked for by {string.Join(", ", known.Select(one => $"'{one}'"))}.", ApiError.Shown(name), "unknown_parameter");
}
