using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using BatchFunctions.Telemetry;
using BatchFunctions.Testing;
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

        var documented = Rows().Matches(File.ReadAllText(Repository.At("ARCHITECTURE.md")))
            .Select(row => $"{row.Groups["name"]} {row.Groups["kind"]} {row.Groups["unit"]}");
        Assert.NotEmpty(published);
        Assert.Equal(published.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Projects_and_models_beyond_the_twenty_with_the_most_waiting_lines_are_told_together()
    {
        var waiting = Enumerable.Range(1, 23).Select(lines => new UpstreamWaiting($"project-{lines}", lines % 2 == 0 ? "llama" : null, lines)).ToList();

        var told = Measure(("gpu", new UpstreamReading(8, null, 5, waiting)));

        Assert.Equal(("batchfunctions.upstream.share", "gpu", 8), told[0]);
        Assert.Equal(("batchfunctions.upstream.in_flight", "gpu", 5), told[1]);
        Assert.Equal(
            [
                .. Enumerable.Range(4, 20).Reverse().Select(lines => ($"gpu project-{lines} {(lines % 2 == 0 ? "llama" : UpstreamReading.Several)}", lines)),
                ($"gpu {UpstreamReading.Others} {UpstreamReading.Others}", 1 + 2 + 3),
            ],
            told.Skip(2).Select(one => (one.Tags, one.Value)));
    }

    [Fact]
    public void Each_upstream_is_told_apart() => Assert.Equal(
        [("a", 8), ("b", 4)],
        Measure(("a", new UpstreamReading(8, null, 5, [])), ("b", new UpstreamReading(4, null, 0, [])))
            .Where(one => one.Instrument == "batchfunctions.upstream.share").Select(one => (one.Tags, one.Value)));

    [Fact]
    public void A_process_without_an_upstream_tells_nothing_of_it() => Assert.Empty(Measure());

    /// <summary>The upstreams' gauges, in the order of their making, each with its upstream, project and model.</summary>
    private static List<(string Instrument, string Tags, int Value)> Measure(params IReadOnlyList<(string Upstream, UpstreamReading Reading)> readings)
    {
        var told = new List<(string, string, int)>();
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
            told.Add((instrument.Name, string.Join(' ', tags.ToArray().Select(tag => (string)tag.Value!)), value)));
        listener.Start();
        var metrics = services.GetRequiredService<BatchMetrics>();
        foreach (var (upstream, reading) in readings)
        {
            metrics.WatchUpstream(upstream, () => reading);
        }

        listener.RecordObservableInstruments();
        return told;
    }

    [GeneratedRegex(@"^\| `(?<name>batchfunctions\.[a-z_.]+)` \| (?<kind>\w+), (?<unit>\S+) \|", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
