using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;
using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// One large batch from its creation to <c>completed</c>, against a bare loop over the same lines. The bare side has no
/// validation, no storage, no retries and no commits.
/// </summary>
internal abstract class EngineFigure : Figure
{
    private const int LineBytes = 160;
    private const int Concurrency = 256;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Rounds before those that count, where the processor is what binds: a service's code is compiled again and again
    /// for the first quarter of a million lines, which is a third of its processor time then.
    /// </summary>
    protected const int WarmUps = 5;

    /// <summary>The upstream's time a line, in milliseconds.</summary>
    protected abstract int Delay { get; }

    public override bool IsOfAnyVersion => true;

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var lines = report.Quick ? 5_000 : 50_000;
        var concurrency = Concurrency.ToString(CultureInfo.InvariantCulture);
        using var input = new InputFile(lines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, Delay.ToString(CultureInfo.InvariantCulture));
        var address = await upstream.ReadyAsync();
        using var service = await account.StartAsync(address, ("Batch:Upstream:Concurrency", concurrency));
        using var bare = await Side.StartAsync(BareLoop.Name, address.ToString(), concurrency);
        using var client = account.ClientOf(await service.ReadyAsync());
        using var loop = new HttpClient { BaseAddress = await bare.ReadyAsync(), Timeout = TimeSpan.FromMinutes(10) };
        var file = await BatchRun.UploadAsync(client, input.Path, ct);
        await Measure(
            report,
            lines,
            () => TimeAsync(service, storage, () => BatchRun.RunAsync(client, file, Look, ct)),
            () => TimeAsync(bare, storage, () => BareLoop.RunAsync(loop, input.Path, ct)),
            ct);
    }

    /// <summary>Measures the two sides by their runs.</summary>
    protected abstract Task Measure(
        Report report,
        int lines,
        Func<Task<EngineRun>> ours,
        Func<Task<EngineRun>> bare,
        CancellationToken ct);

    private static async Task<EngineRun> TimeAsync(ChildProcess process, BenchStorage storage, Func<Task> run)
    {
        var (own, stored) = (process.ProcessorTime, storage.ProcessorTime);
        var began = Stopwatch.GetTimestamp();
        await run();
        return new EngineRun(
            Stopwatch.GetElapsedTime(began).TotalSeconds,
            (process.ProcessorTime - own).TotalSeconds,
            (storage.ProcessorTime - stored).TotalSeconds);
    }
}

/// <summary>One run of either side, in seconds.</summary>
/// <param name="Seconds">From its beginning to its end.</param>
/// <param name="Processor">Processor time of its process.</param>
/// <param name="Storage">Processor time of the storage emulators.</param>
internal sealed record EngineRun(double Seconds, double Processor, double Storage);

/// <summary>Lines a second.</summary>
internal sealed class EngineRateFigure(string name, int delay, double target) : EngineFigure
{
    public override string Name => name;

    public override string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"lines a second of one 50,000-line batch at concurrency 256 ÷ a bare HttpClient loop; upstream of {delay} ms");

    protected override int Delay => delay;

    protected override async Task Measure(
        Report report,
        int lines,
        Func<Task<EngineRun>> ours,
        Func<Task<EngineRun>> bare,
        CancellationToken ct)
    {
        var (storage, processor) = (new List<double>(), new List<double>());
        var rounds = report.Quick ? 1 : 3;
        var result = await Interleaved.MeasureAsync(
            rounds,
            async () =>
            {
                var run = await ours();
                storage.Add(run.Storage);
                processor.Add(run.Processor);
                return lines / run.Seconds;
            },
            async () => lines / (await bare()).Seconds,
            ct,
            report.Quick || Delay > 0 ? 1 : WarmUps);
        report.Add(new Measurement(
            Name,
            result.Ratio,
            "×",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Ours:0} lines/s ÷ {result.Bare:0} lines/s bare; {lines} lines in {lines / result.Ours:0.0} s, beside {Interleaved.Median(storage):0.0} s of the storage emulators' processor time"),
            Target.AtLeast(target)));
        report.Add(new Measurement($"{Name}.rate", result.Ours, "lines/s", "of the service alone"));
        report.Add(new Measurement(
            $"{Name}.processor",
            Interleaved.Median(processor.TakeLast(rounds)) * 1e6 / lines,
            "s a million lines",
            "processor time of the service's process"));
    }
}

/// <summary>Processor time of the service's process alone.</summary>
internal sealed class EngineProcessorFigure : EngineFigure
{
    public override string Name => "engine-cpu";

    public override string Description => "CPU seconds a million lines in the service's process ÷ the bare loop's; upstream of 0 ms";

    protected override int Delay => 0;

    protected override async Task Measure(
        Report report,
        int lines,
        Func<Task<EngineRun>> ours,
        Func<Task<EngineRun>> bare,
        CancellationToken ct)
    {
        var result = await Interleaved.MeasureAsync(
            report.Quick ? 1 : 5,
            async () => (await ours()).Processor * 1e6 / lines,
            async () => (await bare()).Processor * 1e6 / lines,
            ct,
            report.Quick ? 1 : WarmUps);
        report.Add(new Measurement(
            Name,
            result.Ratio,
            "×",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Ours:0} s a million lines ÷ {result.Bare:0} s bare; {lines} lines"),
            Target.AtMost(2)));
        report.Add(new Measurement($"{Name}.time", result.Ours, "s a million lines", "of the service alone"));
    }
}
