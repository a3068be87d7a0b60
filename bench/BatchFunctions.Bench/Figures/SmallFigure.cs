using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// How many batches of one line go through in a second: from the first one's creation to the last one's end, and, where they were made
/// while the upstream was away, from the first call after its return. And how long a creation takes.
/// </summary>
internal sealed class SmallFigure : Figure
{
    private const int Warm = 50;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);

    /// <summary>How long batches lie that wait for the upstream: by then none has a message, and all rest.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(60);

    public override string Name => "small";

    public override bool IsOfAnyVersion => true;

    public override string Description => "batches of one line a second, at once and having waited for the upstream, and the time of a creation";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        using var input = new InputFile(1, 160);
        await MeasureAtOnceAsync(report, input.Path, report.Quick ? 200 : 900, ct);
        await MeasureWaitedAsync(report, input.Path, report.Quick ? 200 : 2000, ct);
    }

    private async Task MeasureAtOnceAsync(Report report, string input, int batches, CancellationToken ct)
    {
        await using var storage = await BenchStorage.StartAsync(1, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, "0");
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        using var service = await account.StartAsync(await upstream.ReadyAsync());
        using var client = account.ClientOf(await service.ReadyAsync());
        var files = new List<string>();
        for (var file = 0; file < batches + Warm; file++)
        {
            files.Add(await BatchRun.UploadAsync(client, input, ct));
        }

        await ManyBatches.CreateAsync(client, files[..Warm], ct);
        await ManyBatches.EndAsync(client, ct);
        var (own, stored, began) = (service.ProcessorTime, storage.ProcessorTime, Stopwatch.GetTimestamp());
        var creations = await ManyBatches.CreateAsync(client, files[Warm..], ct);
        await ManyBatches.EndAsync(client, ct);
        AddRate(report, "rate", batches, Stopwatch.GetElapsedTime(began), service.ProcessorTime - own, storage.ProcessorTime - stored);
        report.Add(new Measurement(
            $"{Name}.create",
            Interleaved.Percentile(creations, 0.5),
            "ms",
            string.Create(CultureInfo.InvariantCulture, $"median of {creations.Count}, eight at once; p99 {Interleaved.Percentile(creations, 0.99):0} ms")));
    }

    private async Task MeasureWaitedAsync(Report report, string input, int batches, CancellationToken ct)
    {
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        var away = FreeAddress.New();
        using var service = await account.StartAsync(away, ("Batch:Quota:MaxBatches", batches.ToString(CultureInfo.InvariantCulture)));
        using var client = account.ClientOf(await service.ReadyAsync());
        var file = await BatchRun.UploadAsync(client, input, ct);
        await ManyBatches.CreateAsync(client, Enumerable.Repeat(file, batches), ct);
        await Task.Delay(Rest, ct);

        using var upstream = await Side.StartAtAsync(away, UpstreamSide.Name, "0");
        var returned = Stopwatch.GetTimestamp();
        using var calls = new HttpClient { BaseAddress = away };
        while (await UpstreamSide.CallsAsync(calls, ct) == 0)
        {
            await Task.Delay(Look, ct);
        }

        var (own, stored, began) = (service.ProcessorTime, storage.ProcessorTime, Stopwatch.GetTimestamp());
        await ManyBatches.EndAsync(client, ct);
        AddRate(report, "waited", batches, Stopwatch.GetElapsedTime(began), service.ProcessorTime - own, storage.ProcessorTime - stored);
        report.Add(new Measurement(
            $"{Name}.first", Stopwatch.GetElapsedTime(returned, began).TotalSeconds, "s", "from the upstream's return to its first call"));
    }

    private void AddRate(Report report, string name, int batches, TimeSpan took, TimeSpan own, TimeSpan stored) => report.Add(new Measurement(
        $"{Name}.{name}",
        batches / took.TotalSeconds,
        "batches/s",
        string.Create(
            CultureInfo.InvariantCulture,
            $"{batches} in {took.TotalSeconds:0.0} s; {own.TotalMilliseconds / batches:0} ms of processor time each, and {stored.TotalMilliseconds / batches:0} ms of the storage emulators'")));
}
