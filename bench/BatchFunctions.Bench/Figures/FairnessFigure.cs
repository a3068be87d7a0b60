using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// What one project's work costs another: a small batch behind five giants, and two projects with as much to do that begin one
/// after the other.
/// </summary>
internal sealed class FairnessFigure : Figure
{
    private const int Giants = 5;
    private const int GiantLines = 20_000;
    private const int SmallLines = 300;
    private const int LineBytes = 160;
    private const string Other = "other";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    public override string Name => "fairness";

    public override bool IsOfAnyVersion => true;

    public override string Description => "what another project's work costs: 300 lines behind 100,000, and two projects side by side";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        await BehindGiantsAsync(report, ct);
        await SideBySideAsync(report, ct);
    }

    private async Task BehindGiantsAsync(Report report, CancellationToken ct)
    {
        using var giant = new InputFile(GiantLines, LineBytes);
        using var small = new InputFile(SmallLines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, "100");
        using var service = await account.StartAsync(await upstream.ReadyAsync());
        using var first = account.ClientOf(await service.ReadyAsync());
        using var second = await account.ClientOfAsync(await service.ReadyAsync(), Other, ct);
        var smallFile = await BatchRun.UploadAsync(second, small.Path, ct);
        _ = await BatchRun.RunAsync(second, smallFile, Look, ct);
        var rounds = report.Quick ? 2 : 5;
        var alone = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            alone.Add((await BatchRun.RunAsync(second, smallFile, Look, ct)).TotalSeconds);
        }

        var giantFile = await BatchRun.UploadAsync(first, giant.Path, ct);
        for (var number = 0; number < Giants; number++)
        {
            _ = await BatchRun.CreateAsync(first, giantFile, ct);
        }

        await Task.Delay(TimeSpan.FromSeconds(5), ct);
        var behind = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            behind.Add((await BatchRun.RunAsync(second, smallFile, Look, ct)).TotalSeconds);
        }

        report.Add(new Measurement(
            $"{Name}.behind",
            behind.Max() / Interleaved.Median(alone),
            "×",
            string.Create(CultureInfo.InvariantCulture, $"300 lines of 0.1 s: {Interleaved.Median(alone):0.0} s alone, {string.Join(", ", behind.Select(time => $"{time:0.0}"))} s behind 100,000 of another project"),
            Target.AtMost(5)));
    }

    private async Task SideBySideAsync(Report report, CancellationToken ct)
    {
        var lines = report.Quick ? 6_000 : GiantLines;
        var apart = TimeSpan.FromSeconds(report.Quick ? 8 : 30);
        using var input = new InputFile(lines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, "200");
        using var service = await account.StartAsync(await upstream.ReadyAsync());
        using var first = account.ClientOf(await service.ReadyAsync());
        using var second = await account.ClientOfAsync(await service.ReadyAsync(), Other, ct);
        var alone = await BatchRun.RunAsync(first, await BatchRun.UploadAsync(first, input.Path, ct), Look, ct);

        var began = Stopwatch.GetTimestamp();
        var earlier = await BatchRun.CreateAsync(first, await BatchRun.UploadAsync(first, input.Path, ct), ct);
        await Task.Delay(apart, ct);
        var later = await BatchRun.CreateAsync(second, await BatchRun.UploadAsync(second, input.Path, ct), ct);
        await Task.Delay(TimeSpan.FromSeconds(5), ct);
        var before = (await BatchRun.CompletedAsync(first, earlier, ct), await BatchRun.CompletedAsync(second, later, ct));
        await Task.Delay(apart / 2, ct);
        var after = (await BatchRun.CompletedAsync(first, earlier, ct), await BatchRun.CompletedAsync(second, later, ct));
        while (await BatchRun.CompletedAsync(first, earlier, ct) < lines || await BatchRun.CompletedAsync(second, later, ct) < lines)
        {
            await Task.Delay(Look, ct);
        }

        var whole = Stopwatch.GetElapsedTime(began);
        var shares = (after.Item1 - before.Item1, after.Item2 - before.Item2);
        report.Add(new Measurement(
            $"{Name}.share",
            (double)Math.Max(shares.Item1, shares.Item2) / (shares.Item1 + shares.Item2),
            "of the lines",
            string.Create(CultureInfo.InvariantCulture, $"{shares.Item1} and {shares.Item2} lines while both ran"),
            Target.AtMost(0.55)));
        report.Add(new Measurement(
            $"{Name}.whole",
            whole / (alone * 2),
            "×",
            string.Create(CultureInfo.InvariantCulture, $"{whole.TotalSeconds:0.0} s for both, {alone.TotalSeconds:0.0} s for one alone"),
            Target.AtMost(1.05)));
    }
}
