using System.Globalization;
using BatchFunctions.Testing.Metering;

namespace BatchFunctions.Bench.Figures;

/// <summary>What a batch asks of storage, with an upstream that takes a tenth of a second a line and with one that takes half a minute.</summary>
internal sealed class TransactionsFigure : Figure
{
    private static readonly (string Name, TimeSpan Pace)[] Upstreams =
        [("fast", TimeSpan.FromMilliseconds(100)), ("slow", TimeSpan.FromSeconds(30))];

    public override string Name => "transactions";

    public override string Description =>
        "storage transactions a line, by kind, for batches of 1 to 50,000 lines, with an upstream of 0.1 s a line and one of 30 s";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        int[] sizes = report.Quick ? [1, 100, 1_000] : [1, 100, 10_000, 50_000];
        foreach (var (name, pace) in Upstreams)
        {
            foreach (var lines in sizes)
            {
                var (use, took) = await MeteredBatch.RunAsync(lines, pace);
                report.Add(new Measurement(
                    string.Create(CultureInfo.InvariantCulture, $"{Name}.{name}.{lines}"),
                    (double)use.Total / lines,
                    "a line",
                    string.Create(CultureInfo.InvariantCulture, $"{use}; in {took:h\\:mm\\:ss} on its clock"),
                    name == "fast" && lines == 50_000 ? Target.AtMost(0.15) : null));
            }
        }
    }
}
