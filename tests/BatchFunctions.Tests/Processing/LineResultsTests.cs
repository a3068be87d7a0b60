using System.Buffers;
using BatchFunctions.Chunks;
using BatchFunctions.Ids;
using BatchFunctions.Memory;
using BatchFunctions.Processing;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Processing;

public sealed class LineResultsTests : IDisposable
{
    private const int Full = 4 * 1024 * 1024;

    private readonly ByteBudget _budget = new(Full);
    private readonly LineResults _results;

    public LineResultsTests()
    {
        var chunk = new Chunk
        {
            Batch = new BatchKey("local", "batch_1"),
            Number = 0,
            Offset = 0,
            Length = 1000,
            Lines = 10,
            LinesBefore = 0,
        };
        _results = new LineResults(new LinesLeft(chunk), new ResultBacklog(new FakeTimeProvider()), _budget);
    }

    [Fact]
    public void What_was_taken_is_final_and_later_lines_go_into_the_next_segment()
    {
        Add(0, bytes: 10);
        using var first = _results.Seal();
        Assert.False(_results.HasLines);
        Add(1, bytes: 20);
        using var second = _results.Seal();
        Assert.Equal([0], first.Lines);
        Assert.Equal(10, first.Bytes);
        Assert.Equal([1], second.Lines);
        Assert.Equal(20, second.Bytes);
    }

    [Fact]
    public void Full_results_are_told_of_once_and_again_with_the_next_line()
    {
        Add(0, bytes: Full - 1);
        Assert.False(_results.IsFull);
        Assert.False(_results.WhenFull.IsCompleted);
        Add(1, bytes: 1);
        Assert.True(_results.IsFull);
        Assert.True(_results.WhenFull.IsCompleted);

        // A checkpoint begins, and fails before it takes anything.
        _results.Rearm();
        Assert.True(_results.IsFull);
        Assert.False(_results.WhenFull.IsCompleted);
        Add(2, bytes: 1);
        Assert.True(_results.WhenFull.IsCompleted);
    }

    [Fact]
    public void While_they_are_full_no_further_line_is_sent()
    {
        Assert.True(_results.WhenRoomAsync(default).IsCompleted);
        Add(0, bytes: Full);
        var waiting = _results.WhenRoomAsync(default);
        Assert.False(waiting.IsCompleted);

        using var taken = _results.Seal();
        Assert.True(_results.WhenRoomAsync(default).IsCompleted);
        Assert.Equal(Full, _budget.Used);
    }

    [Fact]
    public void A_result_holds_what_its_line_held_until_it_is_put_away()
    {
        Add(0, bytes: 10);
        Add(1, bytes: 20);
        var taken = _results.Seal();
        Assert.Equal(30, _budget.Used);
        taken.Dispose();
        Assert.Equal(0, _budget.Used);
    }

    public void Dispose() => _results.Dispose();

    private void Add(int line, int bytes)
    {
        using var memory = new LineMemory(_budget.Open(), 100);
        _results.Add(line, memory, segment =>
        {
            segment.Output.Write(new byte[bytes]);
            segment.AddCompleted(line, default);
        });
    }
}
