using BatchFunctions.Memory;
using CsCheck;

namespace BatchFunctions.Tests.Memory;

public sealed class ByteBudgetTests
{
    private readonly ByteBudget _budget = new(100);

    [Fact]
    public async Task What_is_given_back_goes_to_whoever_has_waited_longest()
    {
        var first = await _budget.TakeAsync(60, default);
        using var beyond = await _budget.TakeAsync(60, default);
        var second = _budget.TakeAsync(30, default).AsTask();
        var third = _budget.TakeAsync(1, default).AsTask();
        Assert.False(second.IsCompleted);
        Assert.False(third.IsCompleted);

        first.Dispose();
        using var one = await second;
        using var other = await third;
        Assert.Equal(91, _budget.Used);
    }

    [Fact]
    public async Task Who_holds_some_comes_before_who_holds_none()
    {
        using var full = await _budget.TakeAsync(90, default);
        using var some = await _budget.TakeAsync(10, default);
        using var beyond = await _budget.TakeAsync(50, default);
        var taking = _budget.TakeAsync(10, default).AsTask();
        var growing = some.GrowAsync(20, default).AsTask();

        full.Set(40);
        await growing;
        Assert.Equal((20, 110), (some.Bytes, _budget.Used));
        Assert.False(taking.IsCompleted);

        beyond.Dispose();
        using var taken = await taking;
    }

    /// <summary>Each holds half of what it needs, and none would ever give it back.</summary>
    [Fact]
    public async Task Those_who_wait_for_each_other_go_on_one_after_the_other()
    {
        ByteShare[] shares = [await _budget.TakeAsync(40, default), await _budget.TakeAsync(40, default), await _budget.TakeAsync(20, default)];
        Task[] growing = [.. shares.Select(share => share.GrowAsync(80, default).AsTask())];
        for (var next = 0; next < shares.Length; next++)
        {
            await growing[next];
            Assert.True(_budget.Used <= 180, $"{_budget.Used} bytes are held.");
            shares[next].Dispose();
        }

        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task What_is_larger_than_the_whole_is_held_too_and_nothing_beside_it()
    {
        var giant = await _budget.TakeAsync(1000, default);
        var next = _budget.TakeAsync(1, default).AsTask();
        Assert.False(next.IsCompleted);
        await giant.GrowAsync(2000, default);

        giant.Dispose();
        using var taken = await next;
    }

    [Fact]
    public async Task A_share_that_is_handed_over_is_held_by_its_new_owner()
    {
        var old = await _budget.TakeAsync(200, default);
        using var own = _budget.Open();
        old.MoveTo(own);
        old.Dispose();
        Assert.Equal((200, 200), (own.Bytes, _budget.Used));

        // It is still the one that may go beyond the whole.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _budget.TakeAsync(1, new CancellationToken(canceled: true)).AsTask());
        own.Dispose();
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task Who_stops_waiting_holds_nothing_and_keeps_nobody_back()
    {
        using var all = await _budget.TakeAsync(100, default);
        using var beyond = await _budget.TakeAsync(1, default);
        using var leave = new CancellationTokenSource();
        var leaving = _budget.TakeAsync(100, leave.Token).AsTask();
        var staying = _budget.TakeAsync(10, default).AsTask();

        await leave.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => leaving);
        all.Set(50);
        using var taken = await staying;
        Assert.Equal(61, _budget.Used);
    }

    [Fact]
    public void Whatever_is_taken_grown_and_given_back_the_sum_is_right_and_only_one_goes_beyond() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 3], Gen.Long[0, 150]).Array[0, 60].Sample(
            steps =>
            {
                var budget = new ByteBudget(100);
                var shares = Enumerable.Range(0, 10).Select(_ => budget.Open()).ToArray();
                var wanted = new long[shares.Length];
                bool Waits(int who) => wanted[who] > shares[who].Bytes;
                foreach (var (who, what, bytes) in steps)
                {
                    if (Waits(who))
                    {
                        continue;
                    }

                    wanted[who] = what == 0 ? 0 : Math.Max(bytes, shares[who].Bytes);
                    if (what == 0)
                    {
                        shares[who].Dispose();
                    }
                    else
                    {
                        _ = shares[who].GrowAsync(bytes, default).AsTask();
                    }

                    Assert.Equal(shares.Sum(share => share.Bytes), budget.Used);
                    Assert.True(budget.Used - shares.Max(share => share.Bytes) <= 100, "More than one has gone beyond.");
                    Assert.Equal(budget.Waiting, Enumerable.Range(0, shares.Length).Count(Waits));
                }

                // Nobody waits for ever: when all who hold give it back, all have had their turn.
                for (var round = 0; round < shares.Length; round++)
                {
                    foreach (var share in shares)
                    {
                        share.Dispose();
                    }
                }

                Assert.Equal((0, 0), (budget.Used, budget.Waiting));
            },
            iter: 5_000);
}
