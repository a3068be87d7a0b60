using BatchFunctions.Ids;
using BatchFunctions.Wakeups;
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
        using var asked = new AskedAdvances(time);
        Assert.False(asked.IsOnItsWay(One));
        var before = DelayedMessage.Begin(time, TimeSpan.FromSeconds(2));

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
        using var asked = new AskedAdvances(time);
        asked.Note(One, DelayedMessage.Begin(time, TimeSpan.Zero));
        Assert.False(asked.IsOnItsWay(One));
    }
}
