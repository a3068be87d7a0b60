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
            delivery = delivery.After(new ReceiverAnswer(503, null, null), isGone: false, now);
            webhook = webhook.Failed(isGone: false, delivery.BegunAt, now);
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
        Start.AddSeconds(wait), Delivery.Of(Batch, "batch.completed", Start, null).After(new ReceiverAnswer(429, null, TimeSpan.FromSeconds(asked)), isGone: false, Start).NextAt);

    [Fact]
    public void One_that_is_gone_is_tried_no_more_and_a_success_in_between_starts_the_count_again()
    {
        var webhook = new Webhook { Tenant = "local", Id = IdKind.Webhook.New(Start), Url = "https://example.com/", Secret = "", Events = [] };
        var gone = Delivery.Of(Batch, "batch.completed", Start, null).After(new ReceiverAnswer(410, null, null), isGone: true, Start);
        Assert.Equal((false, null, 410), (gone.IsOpen, gone.NextAt, gone.LastStatus));
        Assert.Equal(DisabledReasons.Gone, webhook.Failed(isGone: true, Start, Start).DisabledReason);
        Assert.True(webhook.Failed(isGone: false, Start, Start).Reached().Failed(isGone: false, Start, Start.AddDays(4)).IsEnabled);
    }

    [Fact]
    public void Days_in_which_nothing_could_be_tried_are_none_of_the_three()
    {
        var webhook = new Webhook { Tenant = "local", Id = IdKind.Webhook.New(Start), Url = "https://example.com/", Secret = "", Events = [] };
        var (now, delivery) = (Start, Delivery.Of(Batch, "batch.completed", Start, null));
        foreach (var pause in new[] { TimeSpan.FromDays(5), TimeSpan.Zero, TimeSpan.FromDays(10), TimeSpan.FromHours(1) })
        {
            now = delivery.NextAt!.Value + pause;
            webhook = webhook.Failed(isGone: false, delivery.BegunBy(now), now);
            delivery = delivery.After(new ReceiverAnswer(503, null, null), isGone: false, now);
        }

        Assert.Equal((true, true, Start.AddDays(5)), (delivery.IsOpen, webhook.IsEnabled, webhook.FailingSince));
        Assert.Equal(Start.AddDays(15), delivery.BegunAt);

        // An event that is begun after days without any is not the one that switches it off, either.
        Assert.True(webhook.Failed(isGone: false, now.AddDays(9), now.AddDays(9)).IsEnabled);
        Assert.False(webhook.Failed(isGone: false, delivery.BegunAt, delivery.BegunAt + DeliverySchedule.Span).IsEnabled);
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
        var slow = Enumerable.Range(0, DeliveryPlaces.MostOfHost).Select(number => places.TryEnter($"{number / 4}", "slow.example")).ToList();
        Assert.All(slow, Assert.NotNull);
        Assert.Null(places.TryEnter("another", "SLOW.example"));
        var others = Enumerable.Range(0, DeliveryPlaces.Most - DeliveryPlaces.MostOfHost).Select(number => places.TryEnter($"other-{number}", $"{number}.example")).ToList();
        Assert.All(others, Assert.NotNull);
        Assert.Null(places.TryEnter("another", "one-more.example"));
        slow[0]!.Dispose();
        slow[0]!.Dispose();
        Assert.NotNull(places.TryEnter("another", "slow.example"));
        Assert.Null(places.TryEnter("another", "slow.example"));
    }

    [Fact]
    public void Projects_whose_receivers_hang_leave_places_to_the_others()
    {
        var places = new DeliveryPlaces();

        int TakenBy(string project) => Enumerable.Range(0, DeliveryPlaces.Most).Count(number => places.TryEnter(project, $"{project}-{number}.example") is not null);

        Assert.Equal([DeliveryPlaces.Most / 2, 4, 2, 1, 1, 0], Enumerable.Range(0, 6).Select(number => TakenBy($"{number}")));
    }

    [Fact]
    public void A_webhook_that_fails_has_one_place_until_it_takes_an_event_again()
    {
        var places = new DeliveryPlaces();
        var webhook = new Webhook { Tenant = "local", Id = IdKind.Webhook.New(Start), Url = "https://example.com/", Secret = "", Events = [] };
        var failing = webhook.Failed(isGone: false, Start, Start);

        using (places.TryEnter("local", "example.com", failing))
        {
            Assert.Null(places.TryEnter("local", "example.com", failing));
            Assert.NotNull(places.TryEnter("local", "example.com", failing with { Id = IdKind.Webhook.New(Start) }));
            Assert.NotNull(places.TryEnter("local", "example.com"));
            places.TryEnter("local", "example.com", failing.Reached())!.Dispose();
        }

        Assert.NotNull(places.TryEnter("local", "example.com", failing));
    }

    [Fact]
    public void An_attempt_without_a_place_waits_ever_longer_and_is_not_taken_for_one_that_failed()
    {
        var delivery = Delivery.Of(Batch, "batch.completed", Start, null).After(new ReceiverAnswer(503, null, null), isGone: false, Start);
        var (now, waits) = (delivery.NextAt!.Value, new List<TimeSpan>());
        var waiting = delivery;
        foreach (var _ in Enumerable.Range(0, 13))
        {
            waiting = waiting.PutOff(now);
            waits.Add(waiting.NextAt!.Value - now);
            Assert.Equal(waits[^1] <= DeliverySchedule.LongestMessage, waiting.HasMessage);
            now = waiting.NextAt.Value;
        }

        Assert.Equal([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600], waits.Select(wait => wait.TotalSeconds));
        Assert.Equal((1, 1, 503), (waiting.Attempts, waiting.Tries, waiting.LastStatus));

        // Once it was tried, or is begun anew, it waits as little as ever.
        var again = waiting.After(new ReceiverAnswer(503, null, null), isGone: false, now);
        Assert.Equal(TimeSpan.FromSeconds(2), again.PutOff(again.NextAt!.Value).NextAt - again.NextAt);
        Assert.Equal(now.AddSeconds(3), waiting.Again(now.AddSeconds(1)).PutOff(now.AddSeconds(1)).NextAt);
    }

    [Fact]
    public void A_secret_that_another_has_taken_the_place_of_is_signed_with_for_another_day()
    {
        var webhook = new Webhook { Tenant = "local", Id = IdKind.Webhook.New(Start), Url = "https://example.com/", Secret = "old", Events = [] }.Rotate("new", Start)!;
        Assert.Equal(["new", "old"], webhook.ReceiverAt(Start.AddHours(23)).Secrets);
        Assert.Equal(["new"], webhook.ReceiverAt(Start.AddHours(25)).Secrets);
    }

    [Fact]
    public void Each_secret_has_its_own_day_however_soon_another_follows()
    {
        var webhook = new Webhook { Tenant = "local", Id = IdKind.Webhook.New(Start), Url = "https://example.com/", Secret = "0", Events = [] };
        foreach (var number in Enumerable.Range(1, Webhook.MostOldSecrets))
        {
            webhook = webhook.Rotate($"{number}", Start.AddHours(number))!;
        }

        Assert.Equal(["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"], webhook.ReceiverAt(Start.AddHours(24)).Secrets);
        Assert.Equal(["9", "8", "7", "6"], webhook.ReceiverAt(Start.AddHours(30)).Secrets);

        // None is dropped before its time: rather is there no other.
        Assert.Null(webhook.Rotate("10", Start.AddHours(24)));
        Assert.Equal(["10", "9", "8", "7", "6", "5", "4", "3", "2", "1"], webhook.Rotate("10", Start.AddHours(25))!.ReceiverAt(Start.AddHours(25)).Secrets);
    }
}
