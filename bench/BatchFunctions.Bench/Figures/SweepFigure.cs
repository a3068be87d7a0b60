using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// What many batches cost that have not ended and wait for an upstream that is away: requests to storage a minute in all, and the process's
/// share of a core. The rows are as the service leaves them.
/// </summary>
internal sealed class SweepFigure : Figure
{
    /// <summary>Batches with a message, from which the process learns that the upstream is away.</summary>
    private const int WithMessage = 20;

    private const string Counter = "batchfunctions_storage_requests_total";

    /// <summary>Nobody listens there.</summary>
    private static readonly Uri Away = new("http://127.0.0.1:1");

    public override string Name => "sweep";

    public override string Description => "storage requests a minute and processor share over 10,000 active batches while the upstream is away";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var batches = report.Quick ? 1_500 : 10_000;
        var settling = TimeSpan.FromSeconds(report.Quick ? 45 : 120);
        var span = TimeSpan.FromSeconds(report.Quick ? 60 : 240);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), ct);
        await account.SeedWaitingAsync(batches, WithMessage, ct);
        var metrics = FreeAddress.New();
        using var service = await SelfHostSide.StartWithMetricsAsync(account.Connection, Away, metrics);
        using var client = new HttpClient { BaseAddress = metrics };
        await Task.Delay(settling, ct);

        var (before, processor, began) = (await ReadAsync(client, ct), service.ProcessorTime, Stopwatch.GetTimestamp());
        await Task.Delay(span, ct);
        var (after, took) = (await ReadAsync(client, ct), Stopwatch.GetElapsedTime(began));
        var share = (service.ProcessorTime - processor) / took;
        var each = after
            .Select(pair => (pair.Key, Rate: (pair.Value - before.GetValueOrDefault(pair.Key)) / took.TotalMinutes))
            .Where(static pair => pair.Rate > 0)
            .OrderByDescending(static pair => pair.Rate);
        report.Add(new Measurement(
            $"{Name}.requests",
            (after.Values.Sum() - before.Values.Sum()) / took.TotalMinutes,
            "a minute",
            string.Create(CultureInfo.InvariantCulture, $"{batches} batches; {string.Join(", ", each.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Rate:0}")))}"),
            Target.AtMost(200)));
        report.Add(new Measurement(
            $"{Name}.processor",
            share * 100,
            "% of a core",
            string.Create(CultureInfo.InvariantCulture, $"over {took.TotalMinutes:0.0} minutes, the counting included"),
            Target.AtMost(3)));
    }

    /// <summary>The requests so far, by service, method and status.</summary>
    private static async Task<Dictionary<string, double>> ReadAsync(HttpClient client, CancellationToken ct)
    {
        var page = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), ct);
        return page.Split('\n')
            .Where(static line => line.StartsWith(Counter, StringComparison.Ordinal))
            .ToDictionary(
                static line => string.Join(' ', Labels(line, "service", "method", "status")),
                static line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture),
                StringComparer.Ordinal);
    }

    private static IEnumerable<string> Labels(string line, params string[] names) => names.Select(name =>
    {
        var at = line.IndexOf($"{name}=\"", line.IndexOf('{', StringComparison.Ordinal), StringComparison.Ordinal);
        return at < 0 ? "" : line[(at + name.Length + 2)..].Split('"')[0];
    });
}
