using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>Pages a second with many callers at once, against the same query and the same bytes.</summary>
internal sealed class ListThroughputFigure : Figure
{
    private const int Connections = 64;
    private const int Batches = 1_000;
    private static readonly Uri NoUpstream = new("http://127.0.0.1:1");

    public override string Name => "list-throughput";

    public override string Description => "requests a second for a page of 100 over 64 connections, same comparison as list";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), ct);
        await account.SeedAsync(Batches, ct);
        using var service = await account.StartAsync(NoUpstream);
        using var bare = await Side.StartAsync(
            BareList.Name, account.Connection, (ListPage.Limit + 1).ToString(CultureInfo.InvariantCulture));
        using var page = await ListPage.PrepareAsync(
            account.ClientOf(await service.ReadyAsync()), new HttpClient { BaseAddress = await bare.ReadyAsync() }, "first", null, ct);
        var span = TimeSpan.FromSeconds(report.Quick ? 1 : 5);
        var result = await Interleaved.MeasureAsync(
            report.Quick ? 3 : 9,
            () => RateAsync(() => page.AskServiceAsync(ct), span),
            () => RateAsync(() => page.AskBareAsync(ct), span),
            ct);
        report.Add(new Measurement(
            Name,
            result.Ratio,
            "×",
            string.Create(CultureInfo.InvariantCulture, $"{result.Ours:0} requests/s ÷ {result.Bare:0} requests/s bare"),
            Target.AtLeast(0.9)));
    }

    /// <summary>Asks over all connections, each as soon as it has its answer, for a while.</summary>
    private static async Task<double> RateAsync(Func<Task> ask, TimeSpan span)
    {
        var began = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            var count = 0;
            for (; Stopwatch.GetElapsedTime(began) < span; count++)
            {
                await ask();
            }

            return count;
        }));
        return counts.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
