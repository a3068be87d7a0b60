using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Bench.Sides;
using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// From the end of a worker, which has all lines of a batch in flight, until they have been sent again by another: seen from the
/// upstream alone. <see cref="RecoveryFigure"/> looks at the chunks of a larger batch as well, by this version's knowledge of them.
/// </summary>
internal sealed class TakeoverFigure : Figure
{
    private const int Lines = 64;
    private const int LineBytes = 160;

    /// <summary>So long that none ends meanwhile.</summary>
    private const string LineMilliseconds = "240000";

    /// <summary>Nine tenths of them.</summary>
    private const int Sent = 58;

    private static readonly TimeSpan UnderWay = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public override string Name => "takeover";

    public override bool IsOfAnyVersion => true;

    public override string Description => "seconds from a worker's end until another has sent again the 64 lines that it had in flight";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        foreach (var (end, name) in WorkerEnds.All)
        {
            var times = new List<double>();
            for (var round = 0; round < (report.Quick ? 1 : 3); round++)
            {
                times.Add((await TimeAsync(report.Build, end, ct)).TotalSeconds);
            }

            report.Add(new Measurement(
                $"{Name}.{name}",
                times.Max(),
                "s",
                string.Create(CultureInfo.InvariantCulture, $"the longest of {string.Join(", ", times.Select(time => $"{time:0.0}"))}; {Sent} of {Lines} lines")));
        }
    }

    private static async Task<TimeSpan> TimeAsync(SelfHostBuild build, WorkerEnd end, CancellationToken ct)
    {
        using var input = new InputFile(Lines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), build, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, LineMilliseconds);
        using var calls = new HttpClient { BaseAddress = await upstream.ReadyAsync() };
        using var first = await account.StartAsync(calls.BaseAddress!);
        ChildProcess? second = null;
        try
        {
            using (var client = account.ClientOf(await first.ReadyAsync()))
            {
                _ = await BatchRun.CreateAsync(client, await BatchRun.UploadAsync(client, input.Path, ct), ct);
            }

            await UntilBegunAsync(calls, Lines, ct);
            await Task.Delay(UnderWay, ct);
            if (end != WorkerEnd.KilledAndRestarted)
            {
                // It looks at once when it starts, and then now and then.
                second = await account.StartAsync(calls.BaseAddress!);
                await Task.Delay(TimeSpan.FromSeconds(3 + (7 * Random.Shared.NextDouble())), ct);
            }

            var before = await UpstreamSide.BegunAsync(calls, ct);
            var began = Stopwatch.GetTimestamp();
            await first.EndAsync(end);
            second ??= await account.StartAsync(calls.BaseAddress!);
            await UntilBegunAsync(calls, before + Sent, ct);
            return Stopwatch.GetElapsedTime(began);
        }
        finally
        {
            second?.Dispose();
        }
    }

    private static Task UntilBegunAsync(HttpClient calls, int least, CancellationToken ct) => Eventually.UntilAsync(
        async () => await UpstreamSide.BegunAsync(calls, ct) >= least, Patience, "the lines are sent");
}
