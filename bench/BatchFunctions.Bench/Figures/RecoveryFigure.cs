using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;
using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// From the end of a worker until its chunks are in hand, each held by another or with a new message on the queue, and the upstream
/// is filled: killed and started anew; killed beside another that lives on; frozen beside another, which is how one that died on
/// another machine looks; and shut down beside another. With the times that are shipped, and each line accounted for in the end.
/// </summary>
internal sealed class RecoveryFigure : Figure
{
    /// <summary>Fifteen chunks, which one worker holds at once.</summary>
    private const int Lines = 1800;
    private const int LineBytes = 160;
    private const int LineMilliseconds = 2000;

    /// <summary>Nine tenths of the lines that a process sends at once.</summary>
    private const int Filled = 58;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan UnderWay = TimeSpan.FromSeconds(7);

    public override string Name => "recovery";

    public override string Description => "seconds from a worker's end until its chunks are in hand and the upstream is filled, and calls a line";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        foreach (var (end, name) in WorkerEnds.All)
        {
            var times = new List<double>();
            var perLine = 0.0;
            for (var round = 0; round < (report.Quick ? 1 : 5); round++)
            {
                var (took, calls) = await MeasureAsync(end, ct);
                times.Add(took.TotalSeconds);
                perLine = Math.Max(perLine, (double)calls / Lines);
            }

            report.Add(new Measurement(
                $"{Name}.{name}",
                times.Max(),
                "s",
                string.Create(CultureInfo.InvariantCulture, $"the longest of {string.Join(", ", times.Select(time => $"{time:0.0}"))}; {perLine:0.00} calls a line at most, 64 of 1,800 were in flight"),
                Target.AtMost(LimitOf(end))));
        }
    }

    private static int LimitOf(WorkerEnd end) => end switch
    {
        WorkerEnd.KilledAndRestarted => 10,
        WorkerEnd.ShutDownBesideAnother => 15,
        _ => 20,
    };

    private static async Task<(TimeSpan Took, int Calls)> MeasureAsync(WorkerEnd end, CancellationToken ct)
    {
        using var input = new InputFile(Lines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, LineMilliseconds.ToString(CultureInfo.InvariantCulture));
        using var calls = new HttpClient { BaseAddress = await upstream.ReadyAsync() };
        var first = await StartAsync(account, calls.BaseAddress!);
        ChildProcess? second = null;
        try
        {
            string id;
            using (var client = account.ClientOf(await first.ReadyAsync()))
            {
                var file = await BatchRun.UploadAsync(client, input.Path, ct);
                id = await BatchRun.CreateAsync(client, file, ct);
            }

            await Task.Delay(UnderWay, ct);

            if (end != WorkerEnd.KilledAndRestarted)
            {
                // It looks at once when it starts, and then now and then.
                second = await StartAsync(account, calls.BaseAddress!);
                await Task.Delay(TimeSpan.FromSeconds(3 + (7 * Random.Shared.NextDouble())), ct);
            }

            var began = Stopwatch.GetTimestamp();
            await first.EndAsync(end);
            second ??= await StartAsync(account, calls.BaseAddress!);
            while (!await account.IsInHandAsync(id, second.Id, ct) || await UpstreamSide.InFlightAsync(calls, ct) < Filled)
            {
                await Task.Delay(Look, ct);
            }

            var took = Stopwatch.GetElapsedTime(began);
            using var asked = account.ClientOf(await second.ReadyAsync());
            await EndAsync(asked, id, ct);
            return (took, await UpstreamSide.CallsAsync(calls, ct));
        }
        finally
        {
            first.Dispose();
            second?.Dispose();
        }
    }

    private static Task<ChildProcess> StartAsync(BenchAccount account, Uri upstream, params (string Name, string Value)[] settings) =>
        account.StartAsync(upstream, [("Batch__ChunkLines", "120"), .. settings]);

    private static async Task EndAsync(HttpClient client, string id, CancellationToken ct)
    {
        while (true)
        {
            var batch = await BatchRun.ReadAsync(client, id, ct);
            if (batch.GetProperty("status").GetString() == "completed" && BatchRun.CompletedOf(batch) == Lines)
            {
                return;
            }

            await Task.Delay(Look, ct);
        }
    }
}
