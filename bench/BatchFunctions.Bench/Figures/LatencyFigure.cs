using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// The time of the smallest batch, as its owner sees it, at the polling interval of <c>host.json</c>. Batches are made
/// at moments that have nothing to do with the queues' polling, of several services, each with storage of its own.
/// </summary>
internal sealed class LatencyFigure : Figure
{
    private const int Services = 4;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(3);

    public override string Name => "latency";

    public override bool IsOfAnyVersion => true;

    public override string Description => "create → completed for a one-line batch with an upstream of 0 ms, p50 and p99";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var batches = report.Quick ? 5 : 50;
        using var input = new InputFile(1, 160);
        await using var storage = await BenchStorage.StartAsync(Services, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, "0");
        var address = await upstream.ReadyAsync();
        var times = (await Task.WhenAll(Enumerable.Range(0, Services).Select(
            number => TimesAsync(report.Build, storage.ConnectionString(number), new Random(number), address, input.Path, batches, ct)))).SelectMany(all => all).ToList();
        Add(report, times, "p50", 0.5, Target.AtMost(1));
        Add(report, times, "p99", 0.99, Target.AtMost(3));
    }

    private static async Task<List<double>> TimesAsync(
        SelfHostBuild build, string connection, Random random, Uri upstream, string path, int batches, CancellationToken ct)
    {
        var account = await BenchAccount.CreateAsync(connection, build, ct);
        using var service = await account.StartAsync(upstream);
        using var client = account.ClientOf(await service.ReadyAsync());
        var file = await BatchRun.UploadAsync(client, path, ct);
        var times = new List<double>();
        for (var batch = 0; batch < batches; batch++)
        {
            await Task.Delay(LongestGap * random.NextDouble(), ct);
            times.Add((await BatchRun.RunAsync(client, file, Look, ct)).TotalSeconds);
        }

        // The first one waits for code to be compiled.
        return times[1..];
    }

    private void Add(Report report, List<double> times, string name, double share, Target target) => report.Add(new Measurement(
        $"{Name}.{name}",
        Interleaved.Percentile(times, share),
        "s",
        string.Create(
            CultureInfo.InvariantCulture,
            $"{times.Count} batches of one line, from {times.Min():0.00} to {times.Max():0.00} s"),
        target));
}
