using System.Globalization;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Proof;
using BatchFunctions.Testing;
using BatchFunctions.Testing.Metering;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Proof;

/// <summary>
/// What a batch asks of storage, by kind: where the cost table of <c>docs/operations.md</c> has its counts from, as
/// printed. With an upstream that takes a second a line, and with one that takes ten, on a clock that leaps over the
/// waiting.
/// </summary>
public sealed class TransactionTests(ITestOutputHelper output)
{
    /// <summary>As many chunks as run side by side in one process.</summary>
    private const int Lines = 1_600;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly (string Row, Func<MeterReading, int> Count)[] Kinds =
    [
        ("blob writes", reading => reading.Use.BlobWrites),
        ("blob reads", reading => reading.Use.BlobReads),
        ("queue: sent, deleted", reading => reading.Use.Messages),
        ("queue: asked for messages", reading => reading.Use.QueueLooks),
        ("tables", reading => reading.Use.Tables),
        ("steps, at most", reading => reading.Steps),
    ];

    [Theory]
    [InlineData("fast", 1_000, 1)]
    [InlineData("slow", 10_000, 4)]
    public async Task A_batch_asks_of_storage_what_the_cost_table_says(string name, int milliseconds, int column)
    {
        var reading = await MeterAsync(Lines, milliseconds);
        output.WriteLine($"{name}: {Lines} lines, {reading.Use}, {reading.Steps} steps, in {reading.Took}");
        var guide = await File.ReadAllLinesAsync(Repository.At("docs/operations.md"));
        Assert.All(Kinds, kind =>
        {
            var row = Assert.Single(guide, line => line.StartsWith($"| {kind.Row} |", StringComparison.Ordinal));
            var told = double.Parse(row.Trim('|').Split('|')[column], NumberStyles.Number, CultureInfo.InvariantCulture);

            // On one clock and one thread hardly anything differs from run to run; the table may be of some versions ago.
            Assert.InRange(kind.Count(reading), told * 0.85, told * 1.15);
        });
    }

    [Fact]
    public async Task A_batch_of_one_line_asks_for_twenty_requests_at_most()
    {
        const int Batches = 50;
        var (_, said) = await ProofProcess.RunAsync(Limit, Meter.SmallCommand, $"{Batches}", "1");
        var use = JsonSerializer.Deserialize<StorageUse>(said.Trim().Split('\n')[^1]);
        output.WriteLine($"{Batches} batches of one line: {use}");

        // How often the queues are asked depends on how fast this machine is; the rest does not. It includes a sweep and the fleet's
        // share, which are few for so many.
        Assert.InRange((double)(use.Total - use.QueueLooks) / Batches, 15, 20);
    }

    [Fact]
    public async Task A_retry_of_what_expired_sends_those_lines_alone_and_costs_what_they_cost()
    {
        const int Lines = 1_000;
        var (_, said) = await ProofProcess.RunAsync(Limit, Meter.RetryCommand, $"{Lines}");
        output.WriteLine(said);
        var (first, retry, succeeded, different) = JsonSerializer.Deserialize<RetryReading>(said.Trim().Split('\n')[^1])!;
        Assert.Equal((BatchStatus.Expired, BatchStatus.Completed), (first.Status, retry.Status));
        Assert.InRange(Lines - first.Counts.Completed, Lines * 0.3, Lines * 0.5);

        // Calls that were in flight at the deadline are broken off, and not answered.
        Assert.Equal(first.Counts.Completed, first.Calls);
        Assert.Equal(Lines - first.Counts.Completed, retry.Calls);
        Assert.Equal((Lines, Lines), (succeeded, different));
        Assert.InRange(retry.Use.Total, 1, first.Use.Total);
    }

    private static async Task<MeterReading> MeterAsync(int lines, int milliseconds)
    {
        var (_, said) = await ProofProcess.RunAsync(Limit, Meter.Command, $"{lines}", $"{milliseconds}");
        return JsonSerializer.Deserialize<MeterReading>(said.Trim().Split('\n')[^1])!;
    }
}
