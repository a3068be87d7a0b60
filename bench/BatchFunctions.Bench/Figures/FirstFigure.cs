using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>How soon a batch is seen to move: from its creation, by way of the API, to the first line that is counted and to the first result that can be read.</summary>
internal sealed class FirstFigure : Figure
{
    private const int LineBytes = 160;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan CountedWithin = TimeSpan.FromSeconds(2);

    public override string Name => "first";

    public override bool IsOfAnyVersion => true;

    public override string Description => "seconds from a batch's creation to its first count and its first readable result, beyond the time of a line";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var lines = report.Quick ? 1_000 : 10_000;
        using var input = new InputFile(lines, LineBytes);
        foreach (var line in new[] { TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5) })
        {
            await MeasureAsync(report, input.Path, lines, line, ct);
        }
    }

    private async Task MeasureAsync(Report report, string input, int lines, TimeSpan line, CancellationToken ct)
    {
        await using var storage = await BenchStorage.StartAsync(1, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, line.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        using var service = await account.StartAsync(await upstream.ReadyAsync());
        using var client = account.ClientOf(await service.ReadyAsync());
        var file = await BatchRun.UploadAsync(client, input, ct);
        var (counted, read) = (new List<double>(), new List<double>());

        // The first round is one of code that is being compiled.
        for (var round = 0; round < (report.Quick ? 2 : 6); round++)
        {
            var (count, result) = await TimesAsync(client, file, ct);
            if (round > 0)
            {
                counted.Add((count - line).TotalSeconds);
                read.Add((result - line).TotalSeconds);
            }
        }

        Add(report, "count", counted, lines, line);
        Add(report, "result", read, lines, line);
    }

    private void Add(Report report, string what, List<double> times, int lines, TimeSpan line) => report.Add(new Measurement(
        string.Create(CultureInfo.InvariantCulture, $"{Name}.{what}.{line.TotalSeconds}"),
        times.Max(),
        "s",
        string.Create(
            CultureInfo.InvariantCulture,
            $"the longest of {string.Join(", ", times.Select(time => $"{time:0.00}"))}, beyond the {line.TotalSeconds} s of a line; batches of {lines} lines, looked at every 20 ms"),
        Target.AtMost(CountedWithin.TotalSeconds)));

    private static async Task<(TimeSpan Count, TimeSpan Result)> TimesAsync(HttpClient client, string file, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var id = await BatchRun.CreateAsync(client, file, ct);
        TimeSpan? count = null;
        TimeSpan? result = null;
        while (count is null || result is null)
        {
            await Task.Delay(Look, ct);
            var batch = await BatchRun.ReadAsync(client, id, ct);
            if (BatchRun.CompletedOf(batch) > 0)
            {
                count ??= Stopwatch.GetElapsedTime(began);
            }

            if (await HasResultAsync(client, batch, ct))
            {
                result ??= Stopwatch.GetElapsedTime(began);
            }
        }

        using var cancelled = await client.PostAsync(new Uri($"/v1/batches/{id}/cancel", UriKind.Relative), null, ct);
        while (!(await BatchRun.ReadAsync(client, id, ct)).GetProperty("status").GetString()!.EndsWith("ed", StringComparison.Ordinal))
        {
            await Task.Delay(Look, ct);
        }

        return (count.Value, result.Value);
    }

    private static async Task<bool> HasResultAsync(HttpClient client, JsonElement batch, CancellationToken ct) =>
        batch.GetProperty("output_file_id").GetString() is { } output
        && (await client.GetStringAsync(new Uri($"/v1/files/{output}/content?limit=1", UriKind.Relative), ct)).Length > 0;
}
