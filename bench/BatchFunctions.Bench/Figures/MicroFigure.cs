using System.Globalization;
using BatchFunctions.Bench.Micro;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace BatchFunctions.Bench.Figures;

/// <summary>Allocations on the hot paths, which are counts, and beside them the times, which are told and not judged.</summary>
internal sealed class MicroFigure : Figure
{
    public override string Name => "micro";

    public override string Description => "allocations a line and a row on the hot paths";

    public override Task MeasureAsync(Report report, CancellationToken ct)
    {
        // In this process: the code is built already, and nothing has to be restored from a package feed.
        var job = (report.Quick ? Job.Dry.WithIterationCount(3).WithWarmupCount(1) : Job.ShortRun)
            .WithToolchain(InProcessEmitToolchain.Instance);
        var config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddLogger(NullLogger.Instance)
            .WithOptions(ConfigOptions.DisableLogFile);
        foreach (var type in new[] { typeof(LineBenchmarks), typeof(ListBenchmarks) })
        {
            foreach (var one in BenchmarkRunner.Run(type, config).Reports)
            {
                var descriptor = one.BenchmarkCase.Descriptor;
                var time = one.ResultStatistics ?? throw new InvalidOperationException($"{descriptor.WorkloadMethodDisplayInfo} has no result.");
                report.Add(new Measurement(
                    $"{Name}.{descriptor.WorkloadMethodDisplayInfo.Trim('\'')}",
                    one.GcStats.GetBytesAllocatedPerOperation(one.BenchmarkCase) ?? double.NaN,
                    type == typeof(ListBenchmarks) ? "bytes a row" : "bytes a line",
                    string.Create(CultureInfo.InvariantCulture, $"{time.Median:0} ns")));
            }
        }

        return Task.CompletedTask;
    }
}
