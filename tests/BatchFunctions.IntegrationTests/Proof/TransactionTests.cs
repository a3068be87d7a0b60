using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using BatchFunctions.Proof;
using BatchFunctions.Testing.Metering;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Proof;

/// <summary>
/// What batches ask of storage, by kind: where the cost table of <c>docs/operations.md</c> has its counts from, as
/// printed. With an upstream that takes a tenth of a second a line, and with one that takes half a minute, on a clock
/// that leaps over the waiting.
/// </summary>
public sealed class TransactionTests(ITestOutputHelper output)
{
    private const int ChunkLines = 100;
    private const int Fast = 100;
    private const int Slow = 30_000;

    [Fact]
    public async Task A_chunk_of_a_fast_batch_takes_about_a_tenth_of_a_request_a_line()
    {
        const int More = 160;
        var few = await MeterAsync(16 * ChunkLines, Fast);
        var many = await MeterAsync((16 + More) * ChunkLines, Fast);

        Print("fast", few.Use, many.Use, More);
        Assert.Equal(More, many.Use.BlobWrites - few.Use.BlobWrites);
        Assert.Equal(More, many.Use.BlobReads - few.Use.BlobReads);
        Assert.InRange((double)(many.Use.Total - few.Use.Total) / More / ChunkLines, 0.05, 0.15);
    }

    [Fact]
    public async Task A_slow_batch_writes_fewer_blocks_than_lines()
    {
        const int More = 16;
        var few = await MeterAsync(16 * ChunkLines, Slow);
        var many = await MeterAsync((16 + More) * ChunkLines, Slow);

        Print("slow", few.Use, many.Use, More);
        Assert.InRange(many.Use.BlobWrites - few.Use.BlobWrites, More, More * ChunkLines);

        // 64 lines at once, each of half a minute.
        Assert.InRange(few.Took, TimeSpan.FromMinutes(12), TimeSpan.FromMinutes(16));
    }

    /// <summary>A chunk's requests as the table has them: what more chunks add, so that what a batch takes once does not show.</summary>
    private void Print(string name, StorageUse few, StorageUse many, int chunks)
    {
        string Each(int fewer, int more) => ((double)(more - fewer) / chunks).ToString("0.0", CultureInfo.InvariantCulture);
        output.WriteLine(
            $"{name}, a chunk: {Each(few.BlobWrites, many.BlobWrites)} blob writes, {Each(few.BlobReads, many.BlobReads)} blob reads, {Each(few.Messages, many.Messages)} messages sent or deleted, {Each(few.QueueLooks, many.QueueLooks)} looks at queues, {Each(few.Tables, many.Tables)} to tables; {Each(few.Total, many.Total)} together");
    }

    private static async Task<MeterReading> MeterAsync(int lines, int milliseconds)
    {
        string[] arguments = [typeof(MeterReading).Assembly.Location, Meter.Command, $"{lines}", $"{milliseconds}", TestStorage.NewAccount()];
        using var meter = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        var said = await meter.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(5));
        await meter.WaitForExitAsync();
        return JsonSerializer.Deserialize<MeterReading>(said.Trim().Split('\n')[^1])!;
    }
}
