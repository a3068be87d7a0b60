using System.Globalization;
using BatchFunctions.Testing.Metering;

namespace BatchFunctions.Bench.Figures;

/// <summary>What a batch of a million lines asks of storage, with an upstream that takes a tenth of a second a line.</summary>
internal sealed class MillionRequestsFigure : Figure
{
    private static readonly Dictionary<string, string?> Limits = new()
    {
        ["Batch:MaxLines"] = "1000000",
        ["Batch:MaxInputBytes"] = "10000000000",
        ["Batch:MaxFileBytes"] = "10000000000",
    };

    public override string Name => "million-requests";

    public override string Description => "storage requests a line of a batch of 1,000,000 lines, with an upstream of 0.1 s a line";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var lines = report.Quick ? 100_000 : 1_000_000;
        var (use, took) = await MeteredBatch.RunAsync(lines, TimeSpan.FromMilliseconds(100), Limits);
        report.Add(new Measurement(
            Name,
            (double)use.Total / lines,
            "a line",
            string.Create(CultureInfo.InvariantCulture, $"{use}; in {took:h\\:mm\\:ss} on its clock"),
            Target.AtMost(0.05)));
    }
}
