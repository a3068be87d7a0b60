using System.Text;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Lines;

public sealed class LineAllocationTests
{
    // The table of ids grows whenever a power of two is reached: between 16,384 and 32,768 lines it does not.
    private const int Warm = 17_000;
    private const int Measured = 15_000;

    [Fact]
    public async Task Reading_and_checking_lines_that_are_right_makes_no_garbage() =>
        Assert.True(await MeasureAsync(Warm, Measured) < Measured, "less than one byte a line");

    [Fact]
    public async Task Telling_ids_apart_costs_no_more_than_their_digests() =>
        Assert.True(await MeasureAsync(1, Warm + Measured) < (Warm + Measured) * 128, "16 bytes a digest, in tables at most half full");

    private static async Task<long> MeasureAsync(int warm, int measured)
    {
        var file = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, warm + measured).Select(line =>
            $$"""{"custom_id":"request-{{line}}","method":"POST","url":"/v1/embeddings","body":{"m\u006fdel":"m","input":"a\n\u00e9😀"} }""" + "\n")));
        var checker = new LineChecker("/v1/embeddings");
        using var reader = new LineReader(new Pieces(file), 1 << 20);
        await CheckAsync(reader, checker, warm);
        var before = GC.GetAllocatedBytesForCurrentThread();
        await CheckAsync(reader, checker, measured);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static async Task CheckAsync(LineReader reader, LineChecker checker, int lines)
    {
        for (var line = 0; line < lines; line++)
        {
            Assert.True(await reader.ReadAsync(CancellationToken.None));
            if (checker.Check(reader.Line.Span) is { } problem)
            {
                Assert.Fail(problem.Message);
            }
        }
    }
}
