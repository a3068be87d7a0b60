using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>A batch whose answers come far faster than storage takes them, with one process and with two.</summary>
internal sealed class SlowStorageFigure : Figure
{
    private const int Lines = 3200;
    private const int AnswerBytes = 20_000;
    private const int LineBytes = 160;
    private const int BytesPerSecond = 500_000;

    public override string Name => "slow-storage";

    public override bool IsOfAnyVersion => true;

    public override string Description => "calls a line, and time, while blob storage takes 500 KB a second: 3,200 answers of 20 KB";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        foreach (var processes in new[] { 1, 2 })
        {
            await MeasureAsync(report, report.Quick ? Lines / 10 : Lines, processes, ct);
        }
    }

    private async Task MeasureAsync(Report report, int lines, int processes, CancellationToken ct)
    {
        using var input = new InputFile(lines, LineBytes);
        await using var storage = await BenchStorage.StartAsync(1, ct);
        await using var slow = new SlowLink(storage.ConnectionString(0), BytesPerSecond);
        var account = await BenchAccount.CreateAsync(slow.Connection, report.Build, ct);
        using var upstream = await Side.StartAsync(UpstreamSide.Name, "50", AnswerBytes.ToString(CultureInfo.InvariantCulture));
        using var calls = new HttpClient { BaseAddress = await upstream.ReadyAsync() };
        using var service = await account.StartAsync(calls.BaseAddress!);
        using var other = processes > 1 ? await account.StartAsync(calls.BaseAddress!) : null;
        using var client = account.ClientOf(await service.ReadyAsync());
        var file = await BatchRun.UploadAsync(client, input.Path, ct);
        var took = await BatchRun.RunAsync(client, file, TimeSpan.FromMilliseconds(200), ct);
        var perLine = (double)await UpstreamSide.CallsAsync(calls, ct) / lines;
        var least = (double)lines * AnswerBytes / BytesPerSecond;
        report.Add(new Measurement(
            string.Create(CultureInfo.InvariantCulture, $"{Name}.{processes}"),
            perLine,
            "calls a line",
            string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0} s, where {least:0} s is the least that storage needs"),
            Target.AtMost(1.1)));
    }
}
