using System.Globalization;
using BatchFunctions.Bench.Sides;
using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// From the start of the process to its first answer, of a build as it is: <see cref="ColdFigure"/> publishes the program that is
/// shipped, which takes its sources.
/// </summary>
internal sealed class StartFigure : Figure
{
    private static readonly Uri Away = new("http://127.0.0.1:1");

    public override string Name => "start";

    public override bool IsOfAnyVersion => true;

    public override string Description => "start of the built process (not ReadyToRun, unless the build is) to its first answered list";

    public override async Task MeasureAsync(Report report, CancellationToken ct)
    {
        await using var storage = await BenchStorage.StartAsync(1, ct);
        var account = await BenchAccount.CreateAsync(storage.ConnectionString(0), report.Build, ct);
        var settings = TestService.Settings(account.Connection, Away);
        var times = new List<double>();

        // The first one makes the tables.
        for (var round = 0; round <= (report.Quick ? 3 : 11); round++)
        {
            times.Add(await FirstAnswer.TimeAsync(address => report.Build.Start(address, settings), account.ClientOf, "/v1/batches", ct));
        }

        report.Add(new Measurement(
            Name,
            Interleaved.Median(times.Skip(1)),
            "ms",
            string.Create(CultureInfo.InvariantCulture, $"the median of {string.Join(", ", times.Skip(1).Select(time => $"{time:0}"))}")));
    }
}
