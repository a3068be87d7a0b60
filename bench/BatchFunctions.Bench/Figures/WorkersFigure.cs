using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;
using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// Lines a second of several processes on the same queues, while all of them have work. The upstream is so slow that
/// each process waits for it, and the machine is not at its limit.
/// </summary>
internal sealed class WorkersFigure : Figure
{
    private const int Concurrency = 64;
    private const int Delay = 500;
    private const int LineBytes = 160;
    private static readonly int[] Fleets = [1, 2, 4];
    private static readonly TimeSpan GettingUnderWay = TimeSpan.FromSeconds(8);

    public override string Name => "workers";

    public override bool IsOfAnyVersion => true;

    public override string Description =>
        "lines a second with 1, 2 and 4 processes on the same queues ÷ one, with an upstream of 500 ms";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var rounds = report.Quick ? 1 : 5;
        var span = TimeSpan.FromSeconds(report.Quick ? 8 : 20);

        // As many lines as the largest fleet could ever send in that time, and half as many again.
        var lines = (int)((GettingUnderWay + span).TotalMilliseconds / Delay * Concurrency * Fleets.Max() * 1.5);
        using var input = new InputFile(lines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(rounds * Fleets.Length, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, Delay.ToString(CultureInfo.InvariantCulture));
        using var asked = new HttpClient { BaseAddress = await upstream.ReadyAsync() };
        var rates = Fleets.ToDictionary(fleet => fleet, _ => new List<double>());
        for (var run = 0; run < rounds * Fleets.Length; run++)
        {
            var fleet = Fleets[run % Fleets.Length];
            var account = await BenchAccount.CreateAsync(storage.ConnectionString(run), report.Build, ct);
            rates[fleet].Add(await RateAsync(account, fleet, input.Path, asked, span, ct));
        }

        var one = Interleaved.Median(rates[1]);
        report.Add(new Measurement(
            $"{Name}.1", one, "lines/s", string.Create(CultureInfo.InvariantCulture, $"at most {Concurrency * 1000 / Delay}: {Concurrency} at once, {Delay} ms each")));
        foreach (var fleet in Fleets.Skip(1))
        {
            var rate = Interleaved.Median(rates[fleet]);
            report.Add(new Measurement(
                string.Create(CultureInfo.InvariantCulture, $"{Name}.{fleet}"),
                rate / one,
                "×",
                string.Create(CultureInfo.InvariantCulture, $"{rate:0} lines/s ÷ {one:0} lines/s of one"),
                Target.AtLeast(0.9 * fleet)));
        }
    }

    private static async Task<double> RateAsync(
        BenchAccount account, int fleet, string path, HttpClient upstream, TimeSpan span, CancellationToken ct)
    {
        var services = new List<ChildProcess>();
        try
        {
            for (var number = 0; number < fleet; number++)
            {
                services.Add(await account.StartAsync(
                    upstream.BaseAddress!,
                    ("Batch:Upstream:Concurrency", Concurrency.ToString(CultureInfo.InvariantCulture))));
            }

            using var client = account.ClientOf(await services[0].ReadyAsync());
            await BatchRun.CreateAsync(client, await BatchRun.UploadAsync(client, path, ct), ct);
            var idle = await UpstreamSide.CallsAsync(upstream, ct);
            await Eventually.UntilAsync(
                async () => await UpstreamSide.CallsAsync(upstream, ct) > idle, TimeSpan.FromMinutes(1), "lines are sent");
            await Task.Delay(GettingUnderWay, ct);
            var before = await UpstreamSide.CallsAsync(upstream, ct);
            var began = Stopwatch.GetTimestamp();
            await Task.Delay(span, ct);
            return (await UpstreamSide.CallsAsync(upstream, ct) - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
        finally
        {
            // What is left of the batch is left: the next run has storage of its own.
            services.ForEach(service => service.Dispose());
        }
    }
}
