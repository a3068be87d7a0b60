using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>What the largest batch adds to the memory of the process: its upload, validation, lines and finish.</summary>
internal sealed class EngineMemoryFigure : Figure
{
    /// <summary>The largest input there may be: 200 MB in 50,000 lines.</summary>
    private const int Lines = 50_000;
    private const int LineBytes = 4_000;

    private const double Mega = 1e6;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    public override string Name => "engine-memory";

    public override bool IsOfAnyVersion => true;

    public override string Description => "peak resident set while a 200 MB batch of 50,000 lines goes through, less the idle process's";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        using var input = new InputFile(report.Quick ? Lines / 10 : Lines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, "0");
        using var service = await account.StartAsync(await upstream.ReadyAsync());
        using var client = account.ClientOf(await service.ReadyAsync());
        await client.GetByteArrayAsync(new Uri("/v1/batches", UriKind.Relative), ct);
        await Task.Delay(Settling, ct);
        var idle = service.Memory;
        var peak = await Peak.OfAsync(service, async () =>
        {
            var file = await BatchRun.UploadAsync(client, input.Path, ct);
            await BatchRun.RunAsync(client, file, TimeSpan.FromMilliseconds(100), ct);
        });
        report.Add(new Measurement(
            Name,
            (peak - idle) / Mega,
            "MB",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{peak / Mega:0} MB at most − {idle / Mega:0} MB idle; input of {new FileInfo(input.Path).Length / Mega:0} MB"),
            Target.AtMost(150)));
    }
}
