using Azure;
using BatchFunctions.Processing;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Processing;

public sealed class ResultBacklogTests
{
    private const int Block = 1024 * 1024;

    private readonly FakeTimeProvider _time = new();
    private readonly ResultBacklog _backlog;

    public ResultBacklogTests() => _backlog = new ResultBacklog(_time);

    [Fact]
    public async Task As_much_may_wait_as_storage_takes_in_ten_seconds()
    {
        _backlog.Add(100 * Block);
        Assert.False(_backlog.IsFull);

        await PutAwayAsync(TimeSpan.FromSeconds(1));
        Assert.True(_backlog.IsFull);
        var waiting = _backlog.WhenRoomAsync(default);
        _backlog.Add(-89 * Block);
        Assert.False(waiting.IsCompleted);
        _backlog.Add(-1 * Block);
        await waiting;
        Assert.False(_backlog.IsFull);
    }

    [Fact]
    public async Task While_storage_fails_little_is_bought_until_it_works_again()
    {
        _backlog.Add(10 * Block);
        await Assert.ThrowsAsync<RequestFailedException>(() =>
            _backlog.PutAwayAsync(Block, () => throw new RequestFailedException(503, "Server busy."), default));
        Assert.True(_backlog.IsFull);

        await PutAwayAsync(TimeSpan.FromMilliseconds(10), bytes: 1000);
        Assert.False(_backlog.IsFull);
    }

    [Fact]
    public async Task What_is_put_away_waits_for_its_turn()
    {
        var first = new TaskCompletionSource();
        var begun = 0;
        var staging = Enumerable.Range(0, 4).Select(_ => _backlog.PutAwayAsync(
            4 * Block,
            () =>
            {
                begun++;
                return first.Task;
            },
            default)).ToArray();

        // Two fit, and one may go beyond.
        Assert.Equal(3, begun);
        first.SetResult();
        await Task.WhenAll(staging);
        Assert.Equal(4, begun);
    }

    [Fact]
    public async Task Slow_storage_gets_smaller_blocks_and_fewer_at_once_and_more_again_when_it_is_fast()
    {
        Assert.Equal(4 * Block, _backlog.BlockBytes);
        await PutAwayAsync(TimeSpan.FromSeconds(20));
        await PutAwayAsync(TimeSpan.FromSeconds(20));
        await PutAwayAsync(TimeSpan.FromSeconds(20));
        Assert.InRange(_backlog.BlockBytes, 256 * 1024, Block / 2);
        Assert.Equal(2, await AtOnceAsync());

        for (var block = 0; block < 40; block++)
        {
            await PutAwayAsync(TimeSpan.FromSeconds(0.1));
        }

        Assert.Equal(4 * Block, _backlog.BlockBytes);
        Assert.Equal(9, await AtOnceAsync());
    }

    /// <summary>How many blocks are on the way at once, the one that may go beyond included.</summary>
    private async Task<int> AtOnceAsync()
    {
        var held = new TaskCompletionSource();
        var begun = 0;
        var staging = Enumerable.Range(0, 20).Select(_ => _backlog.PutAwayAsync(
            Block,
            () =>
            {
                begun++;
                return held.Task;
            },
            default)).ToArray();
        var atOnce = begun;
        held.SetResult();
        await Task.WhenAll(staging);
        return atOnce;
    }

    private Task PutAwayAsync(TimeSpan takes, int bytes = Block) => _backlog.PutAwayAsync(
        bytes,
        () =>
        {
            _time.Advance(takes);
            return Task.CompletedTask;
        },
        default);
}
