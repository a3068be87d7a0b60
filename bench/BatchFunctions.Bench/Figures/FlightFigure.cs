using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>The memory of one process with a thousand lines in flight, which take half a minute each.</summary>
internal sealed class FlightFigure : Figure
{
    private const int InFlight = 1000;
    private const int Lines = 3000;
    private const int LineBytes = 4096;
    private const string Milliseconds = "30000";
    private const double Mega = 1e6;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    public override string Name => "flight";

    public override bool IsOfAnyVersion => true;

    public override string Description => "peak resident set with 1,000 lines of 4 KB in flight for 30 s each, in one process";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        using var input = new InputFile(Lines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, Milliseconds, LineBytes.ToString(CultureInfo.InvariantCulture));
        using var calls = new HttpClient { BaseAddress = await upstream.ReadyAsync() };
        using var service = await account.StartAsync(calls.BaseAddress!, ("Batch:Upstream:Concurrency", InFlight.ToString(CultureInfo.InvariantCulture)));
        using var client = account.ClientOf(await service.ReadyAsync());
        var file = await BatchRun.UploadAsync(client, input.Path, ct);
        var most = 0;
        var took = TimeSpan.Zero;
        var peak = await Peak.OfAsync(service, async () =>
        {
            var running = BatchRun.RunAsync(client, file, Look, ct);
            while (!running.IsCompleted)
            {
                most = Math.Max(most, await UpstreamSide.InFlightAsync(calls, ct));
                await Task.Delay(Look, ct);
            }

            took = await running;
        });
        report.Add(new Measurement(
            Name,
            peak / Mega,
            "MB",
            string.Create(CultureInfo.InvariantCulture, $"{Lines} lines in {took.TotalSeconds:0} s, {most} in flight at most"),
            Target.AtMost(250)));
    }
}
