using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;
using BatchFunctions.StrictStorage;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// What many batches cost that have not ended and wait for an upstream that is away: requests to storage a minute in all, and the process's
/// share of a core. Storage is in memory and finds rows by their keys: an emulator that looks at every row of a table for each query
/// answers so few that ten thousand batches are still being laid to rest minutes after they were made.
/// </summary>
internal sealed class SweepFigure : Figure
{
    /// <summary>Batches of one project: a version may read what has not ended of a project whenever it is given one more.</summary>
    private const int OfProject = 500;

    /// <summary>How long batches lie at least before they are looked at: by then none has a message.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(60);

    /// <summary>What is counted until it does not become less: by then each batch has been looked at.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);

    private const int MostLooks = 20;

    /// <summary>Nobody listens there.</summary>
    private static readonly Uri Away = new("http://127.0.0.1:1");

    public override string Name => "sweep";

    public override bool IsOfAnyVersion => true;

    public override string Description => "storage requests a minute and processor share over 10,000 active batches while the upstream is away";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        var batches = report.Quick ? 500 : 10_000;
        var span = TimeSpan.FromSeconds(report.Quick ? 60 : 240);
        using var input = new InputFile(1, 160);
        var stored = new StorageAccount(TimeProvider.System);
        await using var storage = await StorageServer.StartAsync(stored);
        await using var counted = await CountedStorage.StartAsync(storage.ConnectionString(stored));
        var account = await BenchAccount.CreateAsync(counted.Connection, report.Build, ct);
        using var service = await account.StartAsync(Away);
        for (var made = 0; made < batches; made += OfProject)
        {
            using var client = await account.ClientOfAsync(
                await service.ReadyAsync(), string.Create(CultureInfo.InvariantCulture, $"project-{made / OfProject}"), ct);
            var file = await BatchRun.UploadAsync(client, input.Path, ct);
            await ManyBatches.CreateAsync(client, Enumerable.Repeat(file, OfProject), ct);
            await ManyBatches.ValidatedAsync(client, ct);
        }

        await Task.Delay(Settling, ct);
        await SettleAsync(counted, ct);

        var (processor, began) = (service.ProcessorTime, Stopwatch.GetTimestamp());
        var use = await counted.WhileAsync(() => Task.Delay(span, ct));
        var (share, took) = (service.ProcessorTime - processor, Stopwatch.GetElapsedTime(began));
        report.Add(new Measurement(
            $"{Name}.requests",
            use.Total / took.TotalMinutes,
            "a minute",
            string.Create(CultureInfo.InvariantCulture, $"{batches} batches, over {took.TotalMinutes:0.0} minutes {use}"),
            Target.AtMost(200)));
        report.Add(new Measurement(
            $"{Name}.processor",
            share / took * 100,
            "% of a core",
            string.Create(CultureInfo.InvariantCulture, $"over {took.TotalMinutes:0.0} minutes"),
            Target.AtMost(3)));
    }

    /// <summary>Waits until the requests of one look are nine tenths of those of the one before, or more.</summary>
    private static async Task SettleAsync(CountedStorage counted, CancellationToken ct)
    {
        var before = int.MaxValue;
        for (var look = 0; look < MostLooks; look++)
        {
            var use = await counted.WhileAsync(() => Task.Delay(Look, ct));
            if (use.Total > before * 0.9)
            {
                return;
            }

            before = use.Total;
        }
    }
}
