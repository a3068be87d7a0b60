using BatchFunctions.Ids;
using BatchFunctions.Receivers;
using BatchFunctions.Webhooks;

namespace BatchFunctions.Tests.Webhooks;

public sealed class DeliveryTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly BatchKey Batch = new("local", IdKind.Batch.New(Start));

    [Fact]
    public void One_that_fails_is_tried_for_three_days_with_growing_waits()
    {
        var delivery = Delivery.Of(Batch, "batch.completed", Start, null);
        var webhook = new Webhook { Tenant = "local", Id = IdKind.Webhook.New(Start), Url = "https://example.com/", Secret = "", Events = [] };
        var waits = new List<TimeSpan>();
        var now = Start;
        while (delivery.NextAt is { } next)
        {
            Assert.True(webhook.IsEnabled);
            waits.Add(next - now);
            now = next;
            delivery = delivery.After(new ReceiverAnswer(503, null, null), now);
            webhook = webhook.Failed(isGone: false, now);
        }

        Assert.Equal(DeliveryStatus.Failed.ToString(), delivery.Status.ToString());
        Assert.Equal((16, 503, Start.AddDays(3)), (delivery.Attempts, delivery.LastStatus, now));
        Assert.Equal(waits.SkipLast(1).Order(), waits.SkipLast(1));
        Assert.Equal(TimeSpan.FromHours(12), waits.Max());

        // Nothing succeeded meanwhile, so that the last attempt has switched it off.
        Assert.Equal((false, DisabledReasons.Failing, Start), (webhook.IsEnabled, webhook.DisabledReason, webhook.FailingSince));
        Assert.True(webhook.Enable() is { IsEnabled: true, FailingSince: null, DisabledReason: null });
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(60, 60)]
    [InlineData(3600, 3600)]
    [InlineData(999_999, 12 * 3600)]
    public void A_wait_that_the_receiver_asks_for_is_kept_within_bounds(int asked, int wait) => Assert.Equal(
        Start.AddSeconds(wait), Delivery.Of(Batch, "batch.completed", Start, null).After(new ReceiverAnswer(429, null, TimeSpan.FromSeconds(asked)), Start).NextAt);

    [Fact]
    public void One_that_is_gone_is_tried_no_more_and_a_success_in_between_starts_the_count_again()
    {
        var webhook = new Webhook { Tenant = "local", Id = IdKind.Webhook.New(Start), Url = "https://example.com/", Secret = "", Events = [] };
        var gone = Delivery.Of(Batch, "batch.completed", Start, null).After(new ReceiverAnswer(410, null, null), Start);
        Assert.Equal((false, null, 410), (gone.IsOpen, gone.NextAt, gone.LastStatus));
        Assert.Equal(DisabledReasons.Gone, webhook.Failed(isGone: true, Start).DisabledReason);
        Assert.True(webhook.Failed(isGone: false, Start).Reached().Failed(isGone: false, Start.AddDays(4)).IsEnabled);
    }

    [Fact]
    public void Whoever_makes_the_delivery_of_an_event_makes_the_same()
    {
        var id = IdKind.Webhook.New(Start);
        var (one, other) = (Delivery.Of(Batch, "batch.failed", Start, id), Delivery.Of(Batch, "batch.failed", Start, id));
        Assert.Equal((one.Id, one.EventId), (other.Id, other.EventId));
        Assert.Equal(EventBody.Of(one), EventBody.Of(other));
        var elsewhere = Delivery.Of(Batch, "batch.failed", Start, null);
        Assert.Equal((true, false), (elsewhere.EventId == one.EventId, elsewhere.Id == one.Id));
    }

    [Fact]
    public void A_receiver_that_takes_its_time_keeps_neither_others_nor_the_steps_of_batches_from_their_turn()
    {
        var places = new DeliveryPlaces();
        var slow = Enumerable.Range(0, DeliveryPlaces.MostOfHost).Select(_ => places.TryEnter("slow.example")).ToList();
        Assert.All(slow, Assert.NotNull);
        Assert.Null(places.TryEnter("SLOW.example"));
        var others = Enumerable.Range(0, DeliveryPlaces.Most - DeliveryPlaces.MostOfHost).Select(number => places.TryEnter($"{number}.example")).ToList();
        Assert.All(others, Assert.NotNull);
        Assert.Null(places.TryEnter("one-more.example"));
        slow[0]!.Dispose();
        slow[0]!.Dispose();
        Assert.NotNull(places.TryEnter("slow.example"));
        Assert.Null(places.TryEnter("slow.example"));
    }

    [Fact]
    public void A_secret_that_another_has_taken_the_place_of_is_signed_with_for_another_day()
    {
        var webhook = new Webhook { Tenant = "local", Id = IdKind.Webhook.New(Start), Url = "https://example.com/", Secret = "old", Events = [] }.Rotate("new", Start);
        Assert.Equal(["new", "old"], webhook.ReceiverAt(Start.AddHours(23)).Secrets);
        Assert.Equal(["new"], webhook.ReceiverAt(Start.AddHours(25)).Secrets);
    }
}
