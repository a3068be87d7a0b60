using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;
using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// Lines in flight at the upstream from four processes that share a limit of 64: while all work, when one of them is killed, and when
/// one is frozen for a minute and wakes.
/// </summary>
internal sealed class FleetFigure : Figure
{
    private const int Limit = 64;
    private const int Filled = 58;
    private const int Processes = 4;
    private const int LineMilliseconds = 1000;
    private const int LineBytes = 160;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan GettingUnderWay = TimeSpan.FromSeconds(15);

    public override string Name => "fleet";

    public override bool IsOfAnyVersion => true;

    public override string Description => "lines in flight of four processes that share a limit of 64, also when one is killed or frozen";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var span = TimeSpan.FromSeconds(report.Quick ? 15 : 60);
        var frozen = TimeSpan.FromSeconds(report.Quick ? 20 : 60);
        var lines = (int)((GettingUnderWay + span + span + frozen + span + TimeSpan.FromMinutes(1)).TotalMilliseconds / LineMilliseconds * Limit);
        using var input = new InputFile(lines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, LineMilliseconds.ToString(CultureInfo.InvariantCulture));
        using var calls = new HttpClient { BaseAddress = await upstream.ReadyAsync() };
        var services = new List<ChildProcess>();
        try
        {
            for (var number = 0; number < Processes; number++)
            {
                // A few chunks each, so that all of them have lines.
                services.Add(await account.StartAsync(
                    calls.BaseAddress!,
                    ("Batch:Upstream:Concurrency", Limit.ToString(CultureInfo.InvariantCulture)),
                    ("AzureFunctionsJobHost__extensions__queues__batchSize", "2"),
                    ("AzureFunctionsJobHost__extensions__queues__newBatchThreshold", "2")));
            }

            using var client = account.ClientOf(await services[0].ReadyAsync());
            _ = await BatchRun.CreateAsync(client, await BatchRun.UploadAsync(client, input.Path, ct), ct);
            await Task.Delay(GettingUnderWay, ct);
            var all = await WatchAsync(calls, span, ct);
            report.Add(new Measurement($"{Name}.most", all.Most, "lines", "in flight at once", Target.AtMost(Limit)));
            report.Add(new Measurement($"{Name}.mean", all.Mean, "lines", "in flight on average", Target.AtLeast(Filled)));

            await services[1].KillAsync();
            var killed = Stopwatch.GetTimestamp();
            await Task.Delay(TimeSpan.FromMilliseconds(2 * LineMilliseconds), ct);
            var most = 0;
            while (await UpstreamSide.InFlightAsync(calls, ct) is var now && now < Filled)
            {
                most = Math.Max(most, now);
                await Task.Delay(Look, ct);
            }

            report.Add(new Measurement(
                $"{Name}.killed", Stopwatch.GetElapsedTime(killed).TotalSeconds, "s", $"until {Filled} lines are in flight again", Target.AtMost(30)));

            await services[2].FreezeAsync();
            var during = await WatchAsync(calls, frozen, ct);
            await services[2].WakeAsync();
            var woken = await WatchAsync(calls, span, ct);
            report.Add(new Measurement(
                $"{Name}.woken",
                Math.Max(Math.Max(most, during.Most), woken.Most),
                "lines",
                string.Create(CultureInfo.InvariantCulture, $"in flight at once while one is frozen, and after it wakes; {during.Mean:0.0} and {woken.Mean:0.0} on average"),
                Target.AtMost(Limit)));
        }
        finally
        {
            services.ForEach(service => service.Dispose());
        }
    }

    private static async Task<(int Most, double Mean)> WatchAsync(HttpClient upstream, TimeSpan span, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var seen = new List<int>();
        while (Stopwatch.GetElapsedTime(began) < span)
        {
            seen.Add(await UpstreamSide.InFlightAsync(upstream, ct));
            await Task.Delay(Look, ct);
        }

        return (seen.Max(), seen.Average());
    }
}
