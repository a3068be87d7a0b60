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

    [Fact]
    public void Projects_beyond_the_twenty_with_the_most_waiting_lines_are_told_together()
    {
        var waiting = Enumerable.Range(1, 23).Select(lines => KeyValuePair.Create($"project-{lines}", lines)).ToList();

        var told = Measure(new UpstreamReading(8, null, 5, waiting));

        Assert.Equal(("batchfunctions.upstream.share", null, 8), told[0]);
        Assert.Equal(("batchfunctions.upstream.in_flight", null, 5), told[1]);
        Assert.Equal(
            [.. Enumerable.Range(4, 20).Reverse().Select(lines => ($"project-{lines}", lines)), (UpstreamReading.Others, 1 + 2 + 3)],
            told.Skip(2).Select(one => (one.Project!, one.Value)));
    }

    [Fact]
    public void A_process_without_an_upstream_tells_nothing_of_it() => Assert.Empty(Measure(null));

    /// <summary>The upstream's gauges, in the order of their making, each with its project.</summary>
    private static List<(string Instrument, string? Project, int Value)> Measure(UpstreamReading? reading)
    {
        var told = new List<(string, string?, int)>();
        using var services = new ServiceCollection().AddMetrics().AddSingleton<BatchMetrics>().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Scope == factory && instrument.Name.StartsWith("batchfunctions.upstream.", StringComparison.Ordinal))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) =>
            told.Add((instrument.Name, tags.Length > 0 ? (string?)tags[0].Value : null, value)));
        listener.Start();
        var metrics = services.GetRequiredService<BatchMetrics>();
        if (reading is not null)
        {
            metrics.WatchUpstream(() => reading);
        }

        listener.RecordObservableInstruments();
        return told;
    }

    private static string Root([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));

    [GeneratedRegex(@"^\| `(?<name>batchfunctions\.[a-z_.]+)` \| (?<kind>\w+), (?<unit>\S+) \|", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
