using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>How many batches of one line go through in a second, from the first one's creation to the last one's end, and how long a creation takes.</summary>
internal sealed class SmallFigure : Figure
{
    private const int Clients = 8;
    private const int Warm = 50;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    public override string Name => "small";

    public override string Description => "batches of one line a second, created by eight clients at once, and the time of a creation";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var batches = report.Quick ? 200 : 900;
        using var input = new InputFile(1, 160);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, "0");
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), ct);
        using var service = await SelfHostSide.StartAsync(account.Connection, await upstream.ReadyAsync());
        using var client = account.ClientOf(await service.ReadyAsync());
        var files = new List<string>();
        for (var file = 0; file < batches + Warm; file++)
        {
            files.Add(await BatchRun.UploadAsync(client, input.Path, ct));
        }

        await RunAsync(client, files[..Warm], ct);
        var began = Stopwatch.GetTimestamp();
        var creations = await RunAsync(client, files[Warm..], ct);
        var took = Stopwatch.GetElapsedTime(began);
        report.Add(new Measurement(
            $"{Name}.rate", batches / took.TotalSeconds, "batches/s", string.Create(CultureInfo.InvariantCulture, $"{batches} in {took.TotalSeconds:0.0} s")));
        report.Add(new Measurement(
            $"{Name}.create",
            Interleaved.Percentile(creations, 0.5),
            "ms",
            string.Create(CultureInfo.InvariantCulture, $"median of {creations.Count}, eight at once; p99 {Interleaved.Percentile(creations, 0.99):0} ms")));
    }

    /// <summary>Creates a batch of each file and waits until none is left.</summary>
    /// <returns>The time of each creation, in milliseconds.</returns>
    private static async Task<List<double>> RunAsync(HttpClient client, IEnumerable<string> files, CancellationToken ct)
    {
        var times = new List<double>();
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = Clients, CancellationToken = ct }, async (file, token) =>
        {
            var began = Stopwatch.GetTimestamp();
            await BatchRun.CreateAsync(client, file, token);
            lock (times)
            {
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        });
        while (await LeftAsync(client, ct) > 0)
        {
            await Task.Delay(Look, ct);
        }

        return times;
    }

    private static async Task<int> LeftAsync(HttpClient client, CancellationToken ct) =>
        (await client.GetFromJsonAsync<JsonElement>(new Uri("/v1/limits", UriKind.Relative), ct)).GetProperty("batches").GetProperty("used").GetInt32();
}
