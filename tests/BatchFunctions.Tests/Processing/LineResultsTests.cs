using BatchFunctions.Chunks;
using BatchFunctions.Ids;
using BatchFunctions.Processing;

namespace BatchFunctions.Tests.Processing;

public sealed class LineResultsTests : IDisposable
{
    private readonly LineResults _results = new(new LinesLeft(new Chunk
    {
        Batch = new BatchKey("local", "batch_1"),
        Number = 0,
        Offset = 0,
        Length = 1000,
        Lines = 10,
        LinesBefore = 0,
    }));

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
        Add(0, bytes: (4 * 1024 * 1024) - 1);
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

    public void Dispose() => _results.Dispose();

    private void Add(int line, int bytes) => _results.Add(line, segment =>
    {
        segment.Output.Write(new byte[bytes]);
        segment.AddCompleted(line, default);
    });
}
