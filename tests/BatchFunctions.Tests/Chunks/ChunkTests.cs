using BatchFunctions.Chunks;
using BatchFunctions.Ids;

namespace BatchFunctions.Tests.Chunks;

/// <summary>A chunk's verbs: who holds it, since when it waits, and who forsook it.</summary>
public sealed class ChunkTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TimeSpan Lost = TimeSpan.FromSeconds(30);

    private static readonly Chunk Idle = new()
    {
        Batch = new BatchKey("local", "batch_1"),
        Number = 3,
        Offset = 100,
        Length = 50,
        Lines = 5,
        LinesBefore = 10,
    };

    [Fact]
    public void Each_claim_is_an_epoch_and_an_owner_of_its_own()
    {
        var first = Idle.Claim(Now);
        var second = first.Claim(Now);

        Assert.Equal((1, 2), (first.Epoch, second.Epoch));
        Assert.NotEqual(first.Owner, second.Owner);
    }

    [Fact]
    public void It_is_held_until_its_lease_has_run_out()
    {
        var held = Idle.Claim(Now);

        Assert.True(held.IsHeld(Now.AddTicks(-1)));
        Assert.False(held.IsHeld(Now));
        Assert.False(Idle.IsHeld(Now));
    }

    [Fact]
    public void One_that_is_given_up_says_since_when_and_is_forsaken_once_no_message_comes()
    {
        var released = Idle.Claim(Now.AddMinutes(1)).Release(Now);

        Assert.Equal((null, null, Now), (released.Owner, released.LeaseUntil, released.NotBefore));
        Assert.False(released.IsForsaken(Now + Lost, Lost));
        Assert.True(released.IsForsaken(Now + Lost + TimeSpan.FromTicks(1), Lost));
    }

    [Fact]
    public void One_that_nobody_has_begun_is_nobodys_to_forsake() => Assert.False(Idle.IsForsaken(Now.AddYears(1), Lost));

    [Fact]
    public void Each_message_sent_in_vain_doubles_the_time_until_the_next()
    {
        var woken = Idle.Claim(Now).Release(Now).Wake(Now).Wake(Now);

        Assert.Equal(2, woken.Wakes);
        Assert.False(woken.IsForsaken(Now + (Lost * 4), Lost));
        Assert.True(woken.IsForsaken(Now + (Lost * 4) + TimeSpan.FromTicks(1), Lost));
        Assert.Equal(0, woken.Claim(Now).Wakes);
    }

    [Fact]
    public void Waking_it_keeps_the_epoch_for_a_worker_that_is_late_and_not_dead() =>
        Assert.Equal(1, Idle.Claim(Now).Wake(Now).Epoch);

    [Fact]
    public void The_end_leaves_nothing_to_do_and_nobody_who_does_it()
    {
        var ended = Idle.Claim(Now.AddMinutes(1)).End();

        Assert.Equal((true, null, null, null), (ended.Ended, ended.Owner, ended.LeaseUntil, ended.NotBefore));
    }

    [Fact]
    public void Strikes_count_against_the_lines_that_were_done() =>
        Assert.Equal((2, 1), ((Idle with { Done = LineSet.Empty.With([4]) }).Strike(2, Now).Strikes, (Idle with { Done = LineSet.Empty.With([4]) }).Strike(2, Now).StrikeDone));

    [Fact]
    public void Chunks_are_cut_alike_when_they_hold_the_same_lines()
    {
        Assert.True(Idle.IsCutLike(Idle.Claim(Now) with { Completed = 3 }));
        Assert.False(Idle.IsCutLike(Idle with { Length = 51 }));
        Assert.False(Idle.IsCutLike(Idle with { LinesBefore = 9 }));
    }
}
