using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// A batch of a million lines through one process: its time against twenty batches of 50,000 that are made at once, and the memory
/// that it takes.
/// </summary>
internal sealed class MillionFigure : Figure
{
    private const int Batches = 20;
    private const int LineBytes = 160;
    private const double Mega = 1e6;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    public override string Name => "million";

    public override bool IsOfAnyVersion => true;

    public override string Description =>
        "a batch of 1,000,000 lines: time ÷ that of twenty of 50,000, peak resident set; upstream of 0 ms";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var lines = report.Quick ? 100_000 : 1_000_000;
        using var large = new InputFile(lines, LineBytes);
        using var small = new InputFile(lines / Batches, LineBytes);
        await using var storage = await BenchStorage.StartAsync(2, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, "0");
        var address = await upstream.ReadyAsync();
        var many = await RunAsync(report.Build, storage.ConnectionString(0), address, small.Path, Batches, ct);
        var one = await RunAsync(report.Build, storage.ConnectionString(1), address, large.Path, 1, ct);
        report.Add(new Measurement(
            $"{Name}.time",
            one.Seconds / many.Seconds,
            "×",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{one.Seconds:0.0} s, {lines / one.Seconds:0} lines/s ÷ {many.Seconds:0.0} s; {lines} lines in one batch ÷ in {Batches}"),
            Target.AtMost(1.1)));
        report.Add(new Measurement(
            $"{Name}.memory",
            one.Peak / Mega,
            "MB",
            string.Create(CultureInfo.InvariantCulture, $"input of {new FileInfo(large.Path).Length / Mega:0} MB; {many.Peak / Mega:0} MB with {Batches} batches"),
            Target.AtMost(250)));
    }

    /// <summary>Runs batches of one file, made at once, through a process of their own.</summary>
    private static async Task<(double Seconds, long Peak)> RunAsync(
        SelfHostBuild build, string connection, Uri upstream, string path, int batches, CancellationToken ct)
    {
        var account = await BenchAccount.CreateAsync(connection, build, ct);
        using var service = await account.StartAsync(
            upstream,
            ("Batch:Upstream:Concurrency", "64"),
            ("Batch:MaxLines", "1000000"),
            ("Batch:MaxInputBytes", "10000000000"),
            ("Batch:MaxFileBytes", "10000000000"));
        using var client = account.ClientOf(await service.ReadyAsync());
        var file = await BatchRun.UploadAsync(client, path, ct);
        var began = Stopwatch.GetTimestamp();
        var peak = await Peak.OfAsync(
            service, () => Task.WhenAll(Enumerable.Range(0, batches).Select(_ => BatchRun.RunAsync(client, file, Look, ct))));
        return (Stopwatch.GetElapsedTime(began).TotalSeconds, peak);
    }
}
