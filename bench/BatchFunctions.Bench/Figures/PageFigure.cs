using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// A page of the list of batches that the service itself has made: its time, and what it asks of the tables. <see cref="ListFigure"/>
/// compares with the bare query, and writes many more, by this version's knowledge of the rows.
/// </summary>
internal sealed class PageFigure : Figure
{
    private const int WarmUps = 20;
    private const string FirstPage = "/v1/batches?limit=100";

    public override string Name => "page";

    public override bool IsOfAnyVersion => true;

    public override string Description => "GET /v1/batches?limit=100 among 1,000 batches of one line that have ended: p50, and requests to tables";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var batches = report.Quick ? 300 : 1_000;
        using var input = new InputFile(1, 160);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, "0");
        var address = await upstream.ReadyAsync();
        await using var counted = await CountedStorage.StartAsync(storage.ConnectionString(0));
        var making = await BenchAccount.CreateAsync(counted.Connection, report.Build, ct);
        IReadOnlyList<(string Name, string Path)> places;
        using (var service = await making.StartAsync(address))
        {
            using var client = making.ClientOf(await service.ReadyAsync());
            var file = await BatchRun.UploadAsync(client, input.Path, ct);
            await ManyBatches.CreateAsync(client, Enumerable.Repeat(file, batches), ct);
            await ManyBatches.EndAsync(client, ct);
            await counted.UntilQuietAsync(ct);
            places = await PlacesAsync(client, ct);
            foreach (var (name, path) in places)
            {
                var use = await counted.WhileAsync(() => TimesAsync(client, path, 100, ct));
                report.Add(new Measurement($"{Name}.{name}.requests", use.Tables / 100.0, "a page", $"requests to tables; 100 pages: {use}"));
            }
        }

        // With a process of its own, so that what counts takes none of the time.
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        using var direct = await account.StartAsync(address);
        using var asking = account.ClientOf(await direct.ReadyAsync());
        foreach (var (name, path) in places)
        {
            var times = await TimesAsync(asking, path, WarmUps + (report.Quick ? 50 : 200), ct);
            report.Add(new Measurement(
                $"{Name}.{name}",
                Interleaved.Median(times.Skip(WarmUps)),
                "ms",
                string.Create(CultureInfo.InvariantCulture, $"p50 of {times.Count - WarmUps}, among {batches} batches")));
        }
    }

    /// <summary>The first page, one in the middle and the last.</summary>
    private static async Task<IReadOnlyList<(string Name, string Path)>> PlacesAsync(HttpClient client, CancellationToken ct)
    {
        var paths = new List<string> { FirstPage };
        while (await client.GetFromJsonAsync<JsonElement>(new Uri(paths[^1], UriKind.Relative), ct) is var page
            && page.GetProperty("has_more").GetBoolean())
        {
            paths.Add($"{FirstPage}&after={page.GetProperty("last_id").GetString()}");
        }

        return [("first", paths[0]), ("middle", paths[paths.Count / 2]), ("last", paths[^1])];
    }

    private static async Task<List<double>> TimesAsync(HttpClient client, string path, int times, CancellationToken ct)
    {
        var all = new List<double>();
        for (var time = 0; time < times; time++)
        {
            all.Add(await Interleaved.MillisecondsAsync(() => client.GetByteArrayAsync(new Uri(path, UriKind.Relative), ct)));
        }

        return all;
    }
}
