using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// What the Functions host adds to a request on its way to the app: the time of a request that is refused for want of a key, and so asks
/// nothing of storage, against the self-host's on this machine. Only where a host is given.
/// </summary>
internal sealed class HopFigure : Figure
{
    private static readonly Uri Away = new("http://127.0.0.1:1");
    private static readonly Uri List = new("/v1/batches", UriKind.Relative);

    public override string Name => "hop";

    public override string Description => "p50 of a request without a key to the Functions app at --host-url ÷ the self-host's";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        if (report.Host is null)
        {
            Console.WriteLine($"{Name} is not measured: no --host-url");
            return;
        }

        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), ct);
        using var service = await account.StartAsync(Away);
        using var host = new HttpClient { BaseAddress = report.Host };
        using var own = new HttpClient { BaseAddress = await service.ReadyAsync() };
        var result = await Interleaved.MeasureAsync(
            report.Quick ? 30 : 1000,
            () => Interleaved.MillisecondsAsync(() => AskAsync(host, ct)),
            () => Interleaved.MillisecondsAsync(() => AskAsync(own, ct)),
            ct,
            warmUps: 100);
        report.Add(new Measurement(
            Name,
            result.Ours / result.Bare,
            "×",
            string.Create(CultureInfo.InvariantCulture, $"p50 {result.Ours:0.00} ms ÷ {result.Bare:0.00} ms: the hop takes {result.Ours - result.Bare:0.00} ms")));
    }

    private static async Task AskAsync(HttpClient client, CancellationToken ct)
    {
        using var answer = await client.GetAsync(List, ct);
        if (answer.StatusCode != System.Net.HttpStatusCode.Unauthorized)
        {
            throw new InvalidOperationException($"{client.BaseAddress} answers {(int)answer.StatusCode} to a request without a key: is it the app?");
        }
    }
}
