using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Wakeups;

public sealed class AskedAdvancesTests
{
    private static readonly BatchKey One = new("local", "batch_1");
    private static readonly BatchKey Other = new("local", "batch_2");

    [Fact]
    public void An_advance_covers_what_is_written_until_its_message_can_be_handed_out()
    {
        var time = new FakeTimeProvider();
        using var asked = new AskedAdvances(Options.Create(new BatchOptions { AdvanceDelay = TimeSpan.FromSeconds(2) }), time);
        Assert.False(asked.IsOnItsWay(One));
        var before = time.GetTimestamp();

        // That it was sent is known a while after it was.
        time.Advance(TimeSpan.FromSeconds(1));
        asked.Note(One, before);
        Assert.True(asked.IsOnItsWay(One));
        Assert.False(asked.IsOnItsWay(Other));
        time.Advance(TimeSpan.FromSeconds(0.7));
        Assert.True(asked.IsOnItsWay(One));
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(asked.IsOnItsWay(One));
    }

    [Fact]
    public void An_advance_without_a_delay_covers_nothing()
    {
        var time = new FakeTimeProvider();
        using var asked = new AskedAdvances(Options.Create(new BatchOptions { AdvanceDelay = TimeSpan.Zero }), time);
        asked.Note(One, time.GetTimestamp());
        Assert.False(asked.IsOnItsWay(One));
    }
}
