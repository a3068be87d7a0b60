using System.Globalization;
using BatchFunctions.Bench.Sides;
using BatchFunctions.Testing.Metering;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// What batches ask of storage, counted before storage and in real time: all that is asked in a minute in which they are made and go
/// through, beyond what is asked in a minute of rest. <see cref="TransactionsFigure"/> counts within this version, on a clock that leaps.
/// </summary>
internal sealed class RequestsFigure : Figure
{
    private const int LineBytes = 160;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    public override string Name => "requests";

    public override bool IsOfAnyVersion => true;

    public override string Description => "storage requests a batch of one line and a line of larger ones, beyond those at rest, at 0.1 s a line; counted outside";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        (int Lines, int Batches)[] cases = report.Quick ? [(1, 20), (1_000, 1)] : [(1, 20), (100, 10), (1_000, 1), (10_000, 1)];
        await using var storage = await BenchStorage.StartAsync(1, ct);
        await using var counted = await CountedStorage.StartAsync(storage.ConnectionString(0));
        using var upstream = await Side.StartAsync(UpstreamSide.Name, "100");
        var account = await BenchAccount.CreateAsync(counted.Connection, report.Build, ct);
        using var service = await account.StartAsync(await upstream.ReadyAsync());
        using var client = account.ClientOf(await service.ReadyAsync());
        using (var one = new InputFile(1, LineBytes))
        {
            await BatchRun.RunAsync(client, await BatchRun.UploadAsync(client, one.Path, ct), Look, ct);
        }

        await counted.UntilQuietAsync(ct);
        var rest = await counted.WhileAsync(() => Task.Delay(Window, ct));
        report.Add(new Measurement($"{Name}.rest", rest.Total, "a minute", $"{rest}"));
        foreach (var (lines, batches) in cases)
        {
            using var input = new InputFile(lines, LineBytes);
            var file = await BatchRun.UploadAsync(client, input.Path, ct);
            await counted.UntilQuietAsync(ct);
            var use = await CountAsync(counted, client, file, batches, ct);
            report.Add(new Measurement(
                string.Create(CultureInfo.InvariantCulture, $"{Name}.{lines}"),
                (double)(use.Total - rest.Total) / batches / lines,
                lines == 1 ? "a batch" : "a line",
                $"{batches} batches of {lines} lines in a minute: {use}"));
        }
    }

    /// <summary>Makes batches, one after the other, and looks at none of them before the minute is over: a look is a request, too.</summary>
    private static async Task<StorageUse> CountAsync(CountedStorage counted, HttpClient client, string file, int batches, CancellationToken ct)
    {
        var ids = new List<string>();
        var use = await counted.WhileAsync(async () =>
        {
            var end = Task.Delay(Window, ct);
            for (var batch = 0; batch < batches; batch++)
            {
                ids.Add(await BatchRun.CreateAsync(client, file, ct));
                await Task.Delay(Apart, ct);
            }

            await end;
        });
        foreach (var id in ids)
        {
            var batch = await BatchRun.ReadAsync(client, id, ct);
            if (batch.GetProperty("status").GetString() != "completed")
            {
                throw new InvalidOperationException($"The batch has not run through within {Window.TotalSeconds:0} s: {batch.GetRawText()}");
            }
        }

        return use;
    }
}
