using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Metering;

/// <summary>The operation that tells a caller what its project has used.</summary>
public sealed class UsageApi
{
    private readonly ApiGuard _guard;
    private readonly UsageStore _usage;
    private readonly TimeProvider _time;

    internal UsageApi(ApiGuard guard, UsageStore usage, TimeProvider time)
    {
        _guard = guard;
        _usage = usage;
        _time = time;
    }

    /// <summary><c>GET /v1/usage</c>: what the caller's project has used, by day or by model.</summary>
    /// <param name="request">The request, with <c>start</c>, <c>end</c> and <c>group_by</c> in its query.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> GetAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var query = UsageQuery.Of(request.Query, _time.GetUtcNow());
                var used = await _usage.ListAsync(caller.Tenant, query.From, query.To, ct).ToListAsync(ct);
                return ApiJson.Ok(new UsagePageObject(query.ByModel ? [ByModel(query, used)] : ByDay(query, used)), UsageJson.Default.UsagePageObject);
            },
            ct);

    private static UsageBucketObject[] ByDay(UsageQuery query, List<UsageOfDay> used)
    {
        var days = used.GroupBy(row => row.Day).ToDictionary(day => day.Key, Sum);
        return
        [
            .. Enumerable.Range(query.From.DayNumber, query.To.DayNumber - query.From.DayNumber + 1)
                .Select(DateOnly.FromDayNumber)
                .Select(day => new UsageBucketObject(day, day, days.TryGetValue(day, out var sum) ? [new UsageResultObject(sum, null)] : [])),
        ];
    }

    private static UsageBucketObject ByModel(UsageQuery query, List<UsageOfDay> used) => new(
        query.From,
        query.To,
        [
            .. used.GroupBy(row => row.Model)
                .Select(model => (Model: model.Key, Sum: Sum(model)))
                .OrderByDescending(model => model.Sum.Lines)
                .ThenBy(model => model.Model, StringComparer.Ordinal)
                .Select(model => new UsageResultObject(model.Sum, model.Model)),
        ]);

    private static UsageSum Sum(IEnumerable<UsageOfDay> rows) => rows.Aggregate(UsageSum.None, (sum, row) => sum + row.Sum);
}
