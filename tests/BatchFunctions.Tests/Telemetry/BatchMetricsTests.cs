using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.Tests.Telemetry;

public sealed partial class BatchMetricsTests
{
    [Fact]
    public void The_architecture_lists_every_instrument_with_its_unit_and_no_other()
    {
        var published = new List<string>();
        using var services = new ServiceCollection().AddMetrics().AddSingleton<BatchMetrics>().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        using (var listener = new MeterListener())
        {
            listener.InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Scope == factory)
                {
                    // Whether it is asked for its value or told it is no matter to who reads it.
                    var kind = instrument.GetType().Name.Split('`')[0].Replace("Observable", "", StringComparison.Ordinal);
                    published.Add($"{instrument.Name} {kind.ToLowerInvariant()} {instrument.Unit}");
                }
            };
            listener.Start();
            _ = services.GetRequiredService<BatchMetrics>();
        }

        var documented = Rows().Matches(File.ReadAllText(Path.Combine(Root(), "ARCHITECTURE.md")))
            .Select(row => $"{row.Groups["name"]} {row.Groups["kind"]} {row.Groups["unit"]}");
        Assert.NotEmpty(published);
        Assert.Equal(published.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    private static string Root([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));

    [GeneratedRegex(@"^\| `(?<name>batchfunctions\.[a-z_.]+)` \| (?<kind>\w+), (?<unit>\S+) \|", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
