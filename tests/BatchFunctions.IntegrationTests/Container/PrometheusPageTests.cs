using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Telemetry;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Container;

/// <summary><c>/metrics</c> as Prometheus reads it, and what the dashboard and the alerts make of it.</summary>
public sealed partial class PrometheusPageTests
{
    [Fact]
    public async Task The_page_has_what_a_batch_came_to_and_stands_at_its_own_address_alone()
    {
        await using var service = await ServiceDriver.StartWithMetricsAsync();
        using var client = new HttpClient { BaseAddress = service.Endpoint };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", service.Key);
        await BatchRun.ToEndAsync(client, string.Concat(Enumerable.Range(0, 3).Select(LineOf)));

        using var scraper = new HttpClient { BaseAddress = service.Metrics };
        var page = "";
        await Eventually.UntilAsync(
            async () => (page = await scraper.GetStringAsync(new Uri("/metrics", UriKind.Relative)))
                .Contains("""batchfunctions_batch_entered_total{otel_scope_name="BatchFunctions",status="completed"} 1""", StringComparison.Ordinal)
                && Regex.IsMatch(page, """batchfunctions_line_ended_total\{[^}]*outcome="completed"\} 3"""),
            TimeSpan.FromMinutes(1),
            "the page has the batch and its lines, which one page need not have together");

        // In seconds, so that a quantile says something of lines that take a second or ten minutes.
        Assert.Matches("""batchfunctions_upstream_attempt_seconds_bucket\{[^}]*le="0\.1"\} """, page);
        Assert.Contains("""service_name="batchfunctions""", page, StringComparison.Ordinal);
        Assert.DoesNotContain(service.Key, page, StringComparison.Ordinal);

        // Every name on it is one that the instruments' names lead to: so the names below are good where the page has none yet.
        var named = NamesOf(service.Get<IMeterFactory>());
        Assert.All(Series().Matches(page), series => Assert.Contains(Base(series.Value), named));

        foreach (var elsewhere in new[] { "/v1/batches", "/", "/healthz" })
        {
            using var answer = await scraper.GetAsync(new Uri(elsewhere, UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        using var atTheApi = await client.GetAsync(new Uri(service.Endpoint, "/metrics"));
        Assert.Equal(HttpStatusCode.NotFound, atTheApi.StatusCode);
    }

    [Theory]
    [InlineData("infra/container/grafana/dashboards/batchfunctions.json")]
    [InlineData("infra/container/alerts.yml")]
    public async Task Whatever_is_asked_of_Prometheus_is_a_metric_of_the_service(string file)
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var named = NamesOf(services.GetRequiredService<IMeterFactory>());
        var asked = Series().Matches(await File.ReadAllTextAsync(Repository.At(file))).Select(series => Base(series.Value)).Distinct().ToList();
        Assert.True(asked.Count >= 3);
        Assert.Empty(asked.Except(named));
    }

    [Fact]
    public async Task No_two_panels_of_the_dashboard_overlap_or_have_one_number()
    {
        using var dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.At("infra/container/grafana/dashboards/batchfunctions.json")));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToList();
        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        var cells = panels.SelectMany(CellsOf).ToList();
        Assert.Equal(cells.Count, cells.Distinct().Count());
        Assert.All(cells, cell => Assert.InRange(cell.X, 0, 23));
    }

    private static IEnumerable<(int X, int Y)> CellsOf(JsonElement panel)
    {
        int At(string name) => panel.GetProperty("gridPos").GetProperty(name).GetInt32();
        return Enumerable.Range(At("x"), At("w")).SelectMany(x => Enumerable.Range(At("y"), At("h")).Select(y => (x, y)));
    }

    /// <summary>The names that OpenTelemetry's rules for Prometheus give the service's instruments.</summary>
    private static HashSet<string> NamesOf(IMeterFactory meters)
    {
        var names = new HashSet<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == BatchMetrics.MeterName)
                {
                    names.Add(NameOf(instrument));
                }
            },
        };
        listener.Start();
        _ = new BatchMetrics(meters);
        return names;
    }

    private static string NameOf(Instrument instrument)
    {
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        var kind = instrument is Counter<long> ? "_total" : "";
        return instrument.Name.Replace('.', '_') + unit + kind;
    }

    private static string Base(string series) => Parts().Replace(series, "");

    private static string LineOf(int index) =>
        $$$"""{"custom_id":"{{{index}}}","method":"POST","url":"/v1/chat/completions","body":{"model":"echo","messages":[{"role":"user","content":"hello"}]}}""" + "\n";

    [GeneratedRegex(@"(?<![\w-])batchfunctions_[a-z_]+")]
    private static partial Regex Series();

    [GeneratedRegex("_(bucket|count|sum)$")]
    private static partial Regex Parts();
}
