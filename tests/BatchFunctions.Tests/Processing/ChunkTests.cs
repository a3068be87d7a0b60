using BatchFunctions.Chunks;
using BatchFunctions.Ids;

namespace BatchFunctions.Tests.Processing;

public sealed class ChunkTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TimeSpan Lost = TimeSpan.FromMinutes(1);

    private static readonly Chunk Idle = new()
    {
        Batch = new BatchKey("local", IdKind.Batch.New(Now)),
        Number = 3,
        Offset = 100,
        Length = 200,
        Lines = 10,
        LinesBefore = 30,
    };

    [Fact]
    public void A_claim_has_an_owner_an_epoch_and_a_lease_of_its_own()
    {
        var waiting = Idle with { Epoch = 4, NotBefore = Now, Wakes = 2 };
        var claimed = waiting.Claim(Now + Lost);
        Assert.Equal((5, Now + Lost, null, 0), (claimed.Epoch, claimed.LeaseUntil, claimed.NotBefore, claimed.Wakes));
        Assert.NotNull(claimed.Owner);
        Assert.NotEqual(claimed.Owner, waiting.Claim(Now + Lost).Owner);
    }

    [Fact]
    public void A_claim_is_held_until_its_lease_has_run_out()
    {
        var claimed = Idle.Claim(Now + Lost);
        Assert.True(claimed.IsHeld(Now));
        Assert.False(claimed.IsHeld(Now + Lost));
        Assert.False(Idle.IsHeld(Now));
    }

    [Fact]
    public void A_chunk_that_is_given_up_has_no_owner_and_keeps_its_epoch()
    {
        var released = Idle.Claim(Now + Lost).Release(Now.AddSeconds(5));
        Assert.Equal((null, null, Now.AddSeconds(5)), (released.Owner, released.LeaseUntil, released.NotBefore));
        Assert.Equal(1, released.Epoch);
        Assert.False(released.Ended);
    }

    [Fact]
    public void An_ended_chunk_has_no_owner_and_no_attempts_left_to_remember()
    {
        var ended = (Idle.Claim(Now + Lost) with { Attempts = new Dictionary<int, int> { [2] = 1 } }).End();
        Assert.True(ended.Ended);
        Assert.Equal((null, null, null), (ended.Owner, ended.LeaseUntil, ended.NotBefore));
        Assert.Empty(ended.Attempts);
    }

    [Fact]
    public void A_chunk_whose_lease_has_run_out_is_forsaken()
    {
        var claimed = Idle.Claim(Now);
        Assert.True(claimed.IsForsaken(Now, Lost));
        Assert.False(claimed.IsForsaken(Now.AddTicks(-1), Lost));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 8)]
    [InlineData(10, 1024)]
    [InlineData(25, 1024)]
    public void A_chunk_that_waits_is_forsaken_after_twice_as_long_with_each_message_that_was_sent_again(int wakes, int times)
    {
        var waiting = Idle with { NotBefore = Now, Wakes = wakes };
        Assert.False(waiting.IsForsaken(Now + (Lost * times), Lost));
        Assert.True(waiting.IsForsaken(Now + (Lost * times) + TimeSpan.FromTicks(1), Lost));
    }

    [Fact]
    public void Waking_a_chunk_takes_it_from_whoever_forsook_it()
    {
        var woken = Idle.Claim(Now).Wake(Now.AddMinutes(1));
        Assert.Equal((null, Now.AddMinutes(1), 1), (woken.Owner, woken.NotBefore, woken.Wakes));
    }

    [Fact]
    public void Block_ids_of_two_chunks_claims_or_parts_differ_and_are_of_one_width()
    {
        string[] ids =
        [
            new BlockRef(1, 0).IdIn(3),
            new BlockRef(1, 1).IdIn(3),
            new BlockRef(2, 0).IdIn(3),
            new BlockRef(1, 0).IdIn(4),
            new BlockRef(999_999, 999_999).IdIn(999_999),
        ];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.Single(ids.Select(id => id.Length).Distinct());
    }
}
