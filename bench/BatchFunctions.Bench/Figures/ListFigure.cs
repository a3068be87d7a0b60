using System.Globalization;
using Azure.Core.Pipeline;
using BatchFunctions.Bench.Sides;
using BatchFunctions.Testing;
using BatchFunctions.Testing.Metering;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.Bench.Figures;

/// <summary>A page of the list through the service, against the same query and the same bytes with nothing around them.</summary>
internal sealed class ListFigure : Figure
{
    private static readonly Uri NoUpstream = new("http://127.0.0.1:1");

    public override string Name => "list";

    public override string Description =>
        "GET /v1/batches?limit=100, p50 ÷ the same rows by a bare table query, written by bare Kestrel; storage transactions a page";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        int[] sizes = report.Quick ? [1_000, 10_000] : [1_000, 10_000, 100_000];
        await using var storage = await BenchStorage.StartAsync(sizes.Length, ct);
        for (var number = 0; number < sizes.Length; number++)
        {
            var account = await BenchAccount.CreateAsync(storage.ConnectionString(number), ct);
            var ids = await account.SeedAsync(sizes[number], ct);
            await MeasureAsync(account, ids, report, ct);
        }
    }

    private async Task MeasureAsync(BenchAccount account, IReadOnlyList<string> ids, Report report, CancellationToken ct)
    {
        var places = new (string Name, string? After)[]
        {
            ("first", null),
            ("middle", ids[(ids.Count / 2) - 1]),
            ("end", ids[^(ListPage.Limit + 1)]),
        };
        using var service = await account.StartAsync(NoUpstream);
        using var bare = await Side.StartAsync(
            BareList.Name, account.Connection, (ListPage.Limit + 1).ToString(CultureInfo.InvariantCulture));
        foreach (var (name, after) in places)
        {
            using var page = await ListPage.PrepareAsync(
                account.ClientOf(await service.ReadyAsync()), new HttpClient { BaseAddress = await bare.ReadyAsync() }, name, after, ct);
            await WarmUpAsync(page, report.Quick ? 10 : 100, ct);
            var result = await Interleaved.MeasureWarmAsync(
                report.Quick ? 30 : 300,
                () => Interleaved.MillisecondsAsync(() => page.AskServiceAsync(ct)),
                () => Interleaved.MillisecondsAsync(() => page.AskBareAsync(ct)),
                ct);
            report.Add(new Measurement(
                string.Create(CultureInfo.InvariantCulture, $"{Name}.{ids.Count}.{name}"),
                result.Ours / result.Bare,
                "×",
                string.Create(CultureInfo.InvariantCulture, $"p50 {result.Ours:0.00} ms ÷ {result.Bare:0.00} ms bare"),
                Target.AtMost(1.15)));
        }

        await CountAsync(account, ids, places, report, ct);
    }

    /// <summary>What is counted does not depend on the process: it is the same API in this one, without the queues' handlers.</summary>
    private async Task CountAsync(
        BenchAccount account,
        IReadOnlyList<string> ids,
        IEnumerable<(string Name, string? After)> places,
        Report report,
        CancellationToken ct)
    {
        var counts = new StorageCounts();
        await using var app = await TestService.ServeAsync(
            TestService.Settings(account.Connection), services => services.AddSingleton<HttpPipelinePolicy>(counts));
        using var client = account.ClientOf(new Uri(app.Urls.Single()));

        // The key is looked up with the first request, and then known for a minute.
        await client.GetByteArrayAsync(new Uri("/v1/batches?limit=1", UriKind.Relative), ct);
        foreach (var (name, after) in places)
        {
            counts.Clear();
            var query = $"/v1/batches?limit={ListPage.Limit}" + (after is null ? "" : $"&after={after}");
            await client.GetByteArrayAsync(new Uri(query, UriKind.Relative), ct);
            report.Add(new Measurement(
                string.Create(CultureInfo.InvariantCulture, $"{Name}.{ids.Count}.{name}.transactions"),
                counts.Use.Total,
                "requests",
                "to storage, for one page",
                Target.Exactly(1)));
        }

        await app.StopAsync(ct);
    }

    private static async Task WarmUpAsync(ListPage page, int times, CancellationToken ct)
    {
        for (var time = 0; time < times; time++)
        {
            await page.AskServiceAsync(ct);
            await page.AskBareAsync(ct);
        }
    }
}
