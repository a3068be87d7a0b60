using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// The memory of the process while large answers come, 64 lines in flight; and whether a process that has little completes all the
/// same, each line called once.
/// </summary>
internal sealed class AnswerMemoryFigure : Figure
{
    /// <summary>What the runtime gives the heap of a process in a container of 512 MB: three quarters.</summary>
    private const string HeapOfSmallest = "0x18000000";

    private const int LineBytes = 160;
    private const double Mega = 1e6;
    private static readonly TimeSpan GivenBack = TimeSpan.FromSeconds(30);

    /// <summary>How many lines with answers of how many kilobytes, and whether in the smallest instance.</summary>
    private static readonly (int Lines, int Kilobytes, bool IsSmall)[] Cases =
    [
        (640, 100, false), (256, 1000, false), (128, 10_000, false), (64, 30_000, false), (1500, 300, true), (640, 1000, true), (64, 30_000, true),
    ];

    public override string Name => "answers";

    public override bool IsOfAnyVersion => true;

    public override string Description => "peak resident set with 64 answers of 100 KB to 30 MB in flight, and calls a line where there are 512 MB";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        foreach (var (lines, kilobytes, isSmall) in report.Quick ? Cases[..2] : Cases)
        {
            await MeasureAsync(report, lines, kilobytes, isSmall, ct);
        }
    }

    private async Task MeasureAsync(Report report, int lines, int kilobytes, bool isSmall, CancellationToken ct)
    {
        using var input = new InputFile(lines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        using var upstream = await Side.StartAsync(
            UpstreamSide.Name, "100", (kilobytes * 1000).ToString(CultureInfo.InvariantCulture));
        using var calls = new HttpClient { BaseAddress = await upstream.ReadyAsync() };
        using var service = await account.StartAsync(calls.BaseAddress!, isSmall ? [("DOTNET_GCHeapHardLimit", HeapOfSmallest)] : []);
        using var client = account.ClientOf(await service.ReadyAsync());
        var file = await BatchRun.UploadAsync(client, input.Path, ct);
        var took = TimeSpan.Zero;
        var peak = await Peak.OfAsync(service, async () => took = await BatchRun.RunAsync(client, file, TimeSpan.FromMilliseconds(100), ct));
        var perLine = (double)await UpstreamSide.CallsAsync(calls, ct) / lines;
        await Task.Delay(GivenBack, ct);
        var name = string.Create(CultureInfo.InvariantCulture, $"{Name}.{kilobytes}{(isSmall ? ".small" : "")}");
        report.Add(new Measurement(
            name,
            peak / Mega,
            "MB",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{lines} answers of {kilobytes} KB in {took.TotalSeconds:0.0} s; {service.Memory / Mega:0} MB half a minute later"),
            Target.AtMost(512)));
        report.Add(new Measurement(name + ".calls", perLine, "calls a line", "each line once", Target.Exactly(1)));
    }
}
