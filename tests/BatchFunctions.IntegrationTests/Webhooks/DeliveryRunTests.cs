using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Queues.Models;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Receivers;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using BatchFunctions.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Webhooks;

/// <summary>What becomes of an event, by hand and on a clock of the test's own: each message is handed over, and each sweep is made, when the test says.</summary>
public sealed class DeliveryRunTests : DrivenTest
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    private readonly ScriptedSteps _steps = new();

    private protected override IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>
    {
        ["Batch:Webhooks:AllowedHosts"] = "127.0.0.1",
        ["Batch:WakeUpLost"] = "00:00:10",
    };

    private DeliveryStore Deliveries => Driver.Get<DeliveryStore>();

    private WebhookStore Webhooks => Driver.Get<WebhookStore>();

    private protected override void Configure(IServiceCollection services) =>
        services.AddSingleton<TimeProvider>(_time).AddSingleton<ProtocolSteps>(_steps);

    [Fact]
    public async Task An_event_goes_to_all_who_want_it_signed_and_the_same_at_each_try()
    {
        var all = await AddAsync("/all");
        await AddAsync("/failed", events: [EventTypes.Of(BatchStatus.Failed)]);
        var off = await AddAsync("/off");
        await Webhooks.MutateAsync(off.Tenant, off.Id, webhook => webhook.Disable(DisabledReasons.Requested, _time.GetUtcNow()), default);
        var secret = ReceiverSecret.New();
        var batch = Ended(BatchStatus.Completed) with { Webhook = new BatchWebhook(AddressOf("/own"), secret) };
        Assert.NotNull(await Driver.Batches.TryInsertAsync(batch, default));
        Upstream.Answer(call => call.Sequence <= 2 ? ScriptedAnswer.Error(500) : ScriptedAnswer.Json(new { }));

        await AnnounceAsync(batch);
        var entered = await ListAsync();
        Assert.Equal([null, all.Id], entered.Select(delivery => delivery.WebhookId).Order());
        Assert.Equal(2, Driver.Sent.Of(BatchMessageKind.Deliver));
        foreach (var delivery in entered)
        {
            await HandOverAsync(delivery);
        }

        Assert.All(await ListAsync(), delivery => Assert.Equal((true, 1, 500, _time.GetUtcNow().AddSeconds(5)), (delivery.IsOpen, delivery.Attempts, delivery.LastStatus, delivery.NextAt)));
        _time.Advance(TimeSpan.FromSeconds(5));
        foreach (var delivery in await ListAsync())
        {
            await HandOverAsync(delivery);
        }

        Assert.All(await ListAsync(), delivery => Assert.Equal((DeliveryStatus.Delivered, 2, 200, null), (delivery.Status, delivery.Attempts, delivery.LastStatus, delivery.NextAt)));
        Assert.Equal(["/all", "/all", "/own", "/own"], Upstream.Calls.Select(call => call.Path).Order());
        var eventId = Assert.Single(Upstream.Calls.Select(call => $"{call.Headers["webhook-id"]}").Distinct());
        Assert.All(Upstream.Calls, call =>
        {
            Assert.Equal(
                $$$"""{"id":"{{{eventId}}}","object":"event","created_at":{{{batch.CompletedAt!.Value.ToUnixTimeSeconds()}}},"type":"batch.completed","data":{"id":"{{{batch.Id}}}"}}""",
                Encoding.UTF8.GetString(call.Body.Span));
            var at = long.Parse($"{call.Headers["webhook-timestamp"]}", null);
            Assert.Equal(EventSignature.Of([call.Path == "/own" ? secret : all.Secret], eventId, at, call.Body.Span), $"{call.Headers["webhook-signature"]}");
            Assert.StartsWith("BatchFunctions/", $"{call.Headers.UserAgent}", StringComparison.Ordinal);
            Assert.False(call.Headers.ContainsKey("traceparent"));
        });
        Assert.Equal(_time.GetUtcNow().ToUnixTimeSeconds(), long.Parse($"{Upstream.Calls[^1].Headers["webhook-timestamp"]}", null));
    }

    [Theory]
    [InlineData("Completed")]
    [InlineData("Failed")]
    [InlineData("Expired")]
    [InlineData("Cancelled")]
    public async Task Each_way_to_end_has_its_event(string status)
    {
        await AddAsync("/all");

        await AnnounceAsync(Ended(Enum.Parse<BatchStatus>(status)));
        await HandOverAsync(Assert.Single(await ListAsync()));

        Assert.Equal($"batch.{status.ToLowerInvariant()}", Assert.Single(Upstream.Calls).Json.GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_batch_that_has_not_ended_or_whose_row_cannot_be_read_is_not_told_of()
    {
        await AddAsync("/all");
        await AnnounceAsync(BatchOf());
        await AnnounceAsync(Ended(BatchStatus.Failed) with { Unreadable = "spoilt" });
        await AnnounceAsync(Ended(BatchStatus.Completed, _time.GetUtcNow() - DeliverySchedule.Life));

        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task After_an_upgrade_whose_tables_are_still_to_be_made_batches_end_as_before()
    {
        await Driver.Storage.Tables.GetTableClient(TableNames.Webhooks).DeleteAsync();
        await Driver.Storage.Tables.GetTableClient(TableNames.Deliveries).DeleteAsync();

        await AnnounceAsync(Ended(BatchStatus.Completed));
        var row = BatchRow.ToRow(Ended(BatchStatus.Completed));
        row.Remove("WebhookUrl");
        row.Remove("WebhookSecret");
        Assert.Null(BatchRow.FromRow(row).Webhook);
    }

    [Fact]
    public async Task What_is_told_twice_is_told_once_unless_its_message_may_be_lost()
    {
        await AddAsync("/all");
        var batch = Ended(BatchStatus.Completed);
        await AnnounceAsync(batch);
        await AnnounceAsync(batch);

        var delivery = Assert.Single(await ListAsync());
        Assert.Equal(2, Driver.Sent.Of(BatchMessageKind.Deliver));
        Assert.Single(await EntriesAsync());
        await HandOverAsync(delivery);
        await AnnounceAsync(batch);
        await HandOverAsync(delivery);
        Assert.Equal((1, 2), (Upstream.Calls.Count, Driver.Sent.Of(BatchMessageKind.Deliver)));
    }

    [Fact]
    public async Task A_receiver_that_never_takes_it_is_tried_for_three_days_and_switched_off()
    {
        var webhook = await AddAsync("/all");
        Upstream.Answer(_ => ScriptedAnswer.Error(503));
        await AnnounceAsync(Ended(BatchStatus.Completed));
        var begun = _time.GetUtcNow();

        // The waits that have no message are the sweep's, which looks once an hour when nothing else is to be done.
        while (await OneAsync() is { NextAt: { } next } delivery)
        {
            var hasMessage = delivery.HasMessage;
            _time.Advance(hasMessage ? next - _time.GetUtcNow() : TimeSpan.FromHours(1));
            Driver.Sent.Forget();
            if (hasMessage)
            {
                await HandOverAsync(delivery);
            }
            else
            {
                await SweepAsync();
                if (Driver.Sent.Of(BatchMessageKind.Deliver) > 0)
                {
                    await HandOverAsync(delivery);
                }
            }
        }

        var failed = await OneAsync();
        Assert.Equal((DeliveryStatus.Failed, 503), (failed.Status, failed.LastStatus));
        Assert.InRange(failed.Attempts, 14, 16);
        Assert.InRange(_time.GetUtcNow() - begun, TimeSpan.FromDays(3), TimeSpan.FromDays(3) + TimeSpan.FromHours(2));
        var off = (await Webhooks.FindAsync(webhook.Tenant, webhook.Id, default))!;
        Assert.Equal((false, DisabledReasons.Failing), (off.IsEnabled, off.DisabledReason));

        // Nothing is sent to it any more, until it is switched on.
        await AnnounceAsync(Ended(BatchStatus.Completed, _time.GetUtcNow()));
        Assert.Single(await ListAsync());
        _time.Advance(DeliverySchedule.Life + TimeSpan.FromHours(1));
        await SweepAsync();
        Assert.Empty(await ListAsync());
        Assert.Empty(await EntriesAsync());
    }

    [Fact]
    public async Task One_that_is_gone_is_switched_off_at_once_and_what_else_waits_for_it_is_given_up()
    {
        var webhook = await AddAsync("/all");
        var (first, second) = (Ended(BatchStatus.Completed), Ended(BatchStatus.Completed));
        await AnnounceAsync(first);
        await AnnounceAsync(second);
        Upstream.Answer(_ => ScriptedAnswer.Error(410));
        var both = await ListAsync();
        await HandOverAsync(both[0]);
        await HandOverAsync(both[1]);

        Assert.Single(Upstream.Calls);
        Assert.Equal([null, "webhook_disabled"], (await ListAsync()).Select(delivery => delivery.LastError).Order());
        Assert.All(await ListAsync(), delivery => Assert.False(delivery.IsOpen));
        Assert.Equal(DisabledReasons.Gone, (await Webhooks.FindAsync(webhook.Tenant, webhook.Id, default))!.DisabledReason);
    }

    [Theory]
    [InlineData(410)]
    [InlineData(500)]
    public async Task What_a_former_url_did_is_not_charged_to_the_one_that_has_taken_its_place(int status)
    {
        var webhook = await AddAsync("/former");
        await AnnounceAsync(Ended(BatchStatus.Completed));
        var left = new TaskCompletionSource();
        Upstream.Answer(call => call.Path == "/former" ? ScriptedAnswer.Error(status).After(left.Task) : ScriptedAnswer.Json(new { }));
        var running = HandOverAsync(await OneAsync());
        await Eventually.UntilAsync(() => Upstream.InFlight == 1, "the event is on its way");
        await Webhooks.MutateAsync(webhook.Tenant, webhook.Id, current => current.Move(AddressOf("/new")), default);
        left.SetResult();
        await running;

        Assert.Equal((true, null), (await Webhooks.FindAsync(webhook.Tenant, webhook.Id, default)) is { } moved ? (moved.IsEnabled, moved.FailingSince) : default);
        Assert.Equal((true, 1, status), (await OneAsync()) is var tried ? (tried.IsOpen, tried.Attempts, tried.LastStatus) : default);
        _time.Advance(TimeSpan.FromSeconds(5));
        await HandOverAsync(await OneAsync());
        Assert.Equal((DeliveryStatus.Delivered, "/new"), ((await OneAsync()).Status, Upstream.Calls[^1].Path));
    }

    [Fact]
    public async Task A_redirect_is_an_answer_and_is_not_followed()
    {
        await AddAsync("/all");
        Upstream.Answer(_ => ScriptedAnswer.Redirect(new Uri(Upstream.Address, "/elsewhere")));
        await AnnounceAsync(Ended(BatchStatus.Completed));
        await HandOverAsync(await OneAsync());

        Assert.Equal("/all", Assert.Single(Upstream.Calls).Path);
        Assert.Equal((true, 307), (await OneAsync()) is var delivery ? (delivery.IsOpen, delivery.LastStatus) : default);
    }

    [Fact]
    public async Task What_is_deleted_meanwhile_is_not_sent_to()
    {
        var webhook = await AddAsync("/all");
        var batch = Ended(BatchStatus.Completed) with { Webhook = new BatchWebhook(AddressOf("/own"), ReceiverSecret.New()) };
        await AnnounceAsync(batch);
        await Webhooks.DeleteAsync(webhook, default);
        foreach (var delivery in await ListAsync())
        {
            await HandOverAsync(delivery);
        }

        // The batch's row was never written, as if it had been deleted.
        Assert.Empty(Upstream.Calls);
        Assert.Equal(["batch_deleted", "webhook_deleted"], (await ListAsync()).Select(delivery => delivery.LastError).Order());
    }

    [Fact]
    public async Task Whoever_is_held_up_before_the_row_and_loses_the_message_is_made_up_for_and_a_row_that_never_comes_is_not_waited_for()
    {
        await AddAsync("/all");
        var held = _steps.HoldAt(ProtocolStep.DeliveryEntered);
        var announcing = AnnounceAsync(Ended(BatchStatus.Completed));
        await held.ReachedAsync();
        _time.Advance(TimeSpan.FromMinutes(5));
        await SweepAsync();
        held.Release();
        await announcing;
        Driver.Sent.Forget();

        _time.Advance(TimeSpan.FromMinutes(10));
        await SweepAsync();
        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Deliver));

        await Deliveries.RemoveAsync(BatchDriver.Tenant, (await OneAsync()).Id, default);
        foreach (var _ in Enumerable.Range(0, 20))
        {
            _time.Advance(TimeSpan.FromDays(1));
            await SweepAsync();
        }

        Assert.Empty(await EntriesAsync());
    }

    [Fact]
    public async Task A_message_that_is_lost_is_sent_again_ever_later()
    {
        await AddAsync("/all");
        await AnnounceAsync(Ended(BatchStatus.Completed));
        Driver.Sent.Forget();
        var sent = new List<int>();
        foreach (var _ in Enumerable.Range(0, 40))
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await SweepAsync();
            sent.Add(Driver.Sent.Of(BatchMessageKind.Deliver));
        }

        // Forty seconds after it was due, then after 40, 80 and 160 more.
        Assert.Equal([4, 8, 16, 32], Enumerable.Range(1, 4).Select(copies => sent.IndexOf(copies) + 1));
        Assert.Equal(4, sent[^1]);
        await HandOverAsync(await OneAsync());
        await HandOverAsync(await OneAsync(), attempt: 1);
        Assert.Single(Upstream.Calls);
    }

    [Fact]
    public async Task After_days_in_which_nothing_ran_an_event_is_told_and_tried_as_if_it_were_new()
    {
        var webhook = await AddAsync("/all");
        await AnnounceAsync(Ended(BatchStatus.Completed, _time.GetUtcNow() - TimeSpan.FromDays(6)));
        Driver.Sent.Forget();
        Upstream.Answer(call => call.Sequence == 1 ? ScriptedAnswer.Error(503) : ScriptedAnswer.Json(new { }));

        await SweepAsync();
        Assert.Equal((true, 1), ((await OneAsync()).IsOpen, Driver.Sent.Of(BatchMessageKind.Deliver)));
        await HandOverAsync(await OneAsync());
        Assert.Equal((true, _time.GetUtcNow().AddSeconds(5)), (await OneAsync()) is var tried ? (tried.IsOpen, tried.NextAt) : default);

        // Off again, for longer than a delivery is tried.
        _time.Advance(TimeSpan.FromDays(5));
        await SweepAsync();
        Assert.True((await OneAsync()).IsOpen);
        await HandOverAsync(await OneAsync());
        Assert.Equal(DeliveryStatus.Delivered, (await OneAsync()).Status);
        Assert.True((await Webhooks.FindAsync(webhook.Tenant, webhook.Id, default))!.IsEnabled);
    }

    [Fact]
    public async Task What_cannot_be_tried_is_given_up_once_sweeps_have_asked_for_it_in_vain()
    {
        await AddAsync("/all");
        await AnnounceAsync(Ended(BatchStatus.Completed));
        _time.Advance(TimeSpan.FromDays(10));
        Driver.Sent.Forget();
        foreach (var asked in Enumerable.Range(1, 4))
        {
            await SweepAsync();
            Assert.Equal((true, asked), ((await OneAsync()).IsOpen, Driver.Sent.Of(BatchMessageKind.Deliver)));
            _time.Advance(TimeSpan.FromHours(6));
        }

        await SweepAsync();
        Assert.Equal((DeliveryStatus.Failed, "not_tried", 4), (await OneAsync()) is var last ? (last.Status, last.LastError, Driver.Sent.Of(BatchMessageKind.Deliver)) : default);
        Assert.Single(await EntriesAsync());
        _time.Advance(DeliverySchedule.Life);
        await SweepAsync();
        Assert.Empty(await ListAsync());
    }

    [Theory]
    [InlineData("DeliveryAnswered", 2)]
    [InlineData("WebhookNoted", 2)]
    [InlineData("AttemptWritten", 1)]
    [InlineData("NextAttemptSent", 1)]
    public async Task A_crash_behind_an_attempt_loses_nothing(string step, int calls)
    {
        await AddAsync("/all");
        Upstream.Answer(_ => ScriptedAnswer.Error(500));
        await AnnounceAsync(Ended(BatchStatus.Completed));
        var delivery = await OneAsync();
        Driver.Sent.Forget();
        _steps.CrashAt(Enum.Parse<ProtocolStep>(step));

        await Assert.ThrowsAsync<SimulatedCrashException>(() => HandOverAsync(delivery));
        await HandOverAsync(delivery, attempt: 1, isFirst: false);

        Assert.Equal(calls, Upstream.Calls.Count);
        Assert.Equal((1, true), (await OneAsync()) is var after ? (after.Attempts, after.IsOpen) : default);
        Assert.InRange(Driver.Sent.Of(BatchMessageKind.Deliver), 1, 2);
        Assert.Equal(TimeSpan.FromSeconds(5), Driver.Sent.Delays[BatchMessageKind.Deliver]);
    }

    [Fact]
    public async Task A_process_that_sends_as_much_as_it_may_puts_the_attempt_off()
    {
        await AddAsync("/all");
        await AnnounceAsync(Ended(BatchStatus.Completed));
        var places = Enumerable.Range(0, DeliveryPlaces.MostOfHost).Select(_ => Driver.Get<DeliveryPlaces>().TryEnter("another", "127.0.0.1")!).ToList();
        Driver.Sent.Forget();
        await HandOverAsync(await OneAsync());

        Assert.Empty(Upstream.Calls);
        Assert.Equal((1, TimeSpan.FromSeconds(2)), (Driver.Sent.Of(BatchMessageKind.Deliver), Driver.Sent.Delays[BatchMessageKind.Deliver]));
        _time.Advance(TimeSpan.FromSeconds(2));
        Driver.Sent.Forget();
        await HandOverAsync(await OneAsync());
        Assert.Equal(TimeSpan.FromSeconds(4), Driver.Sent.Delays[BatchMessageKind.Deliver]);
        Assert.Equal((true, 0, _time.GetUtcNow().AddSeconds(4)), (await OneAsync()) is var later ? (later.IsOpen, later.Attempts, later.NextAt) : default);

        // A copy of the message waits as long, and the sweep takes none for lost before.
        _time.Advance(TimeSpan.FromSeconds(1));
        Driver.Sent.Forget();
        await HandOverAsync(await OneAsync());
        Assert.Equal(TimeSpan.FromSeconds(3), Driver.Sent.Delays[BatchMessageKind.Deliver]);
        places.ForEach(place => place.Dispose());
        _time.Advance(TimeSpan.FromSeconds(3));
        await HandOverAsync(await OneAsync());
        Assert.Single(Upstream.Calls);
    }

    [Fact]
    public async Task A_webhook_that_fails_is_tried_with_one_event_at_a_time()
    {
        await AddAsync("/all");
        foreach (var _ in Enumerable.Range(0, 3))
        {
            await AnnounceAsync(Ended(BatchStatus.Completed));
        }

        var deliveries = await ListAsync();
        Upstream.Answer(_ => ScriptedAnswer.Error(500));
        await HandOverAsync(deliveries[0]);
        var hang = new TaskCompletionSource();
        Upstream.Answer(_ => ScriptedAnswer.Json(new { }).After(hang.Task));
        var running = HandOverAsync(deliveries[1]);
        await Eventually.UntilAsync(() => Upstream.InFlight == 1, "the event is on its way");
        await HandOverAsync(deliveries[2]);
        Assert.Equal((2, 0), (Upstream.Calls.Count, (await Deliveries.FindAsync(BatchDriver.Tenant, deliveries[2].Id, default))!.Attempts));

        hang.SetResult();
        await running;
        _time.Advance(TimeSpan.FromSeconds(2));
        await HandOverAsync(deliveries[2]);
        Assert.Equal(DeliveryStatus.Delivered, (await Deliveries.FindAsync(BatchDriver.Tenant, deliveries[2].Id, default))!.Status);
    }

    [Fact]
    public async Task A_shutdown_uses_up_no_attempt()
    {
        await AddAsync("/all");
        Upstream.Answer(_ => ScriptedAnswer.Json(new { }).After(Task.Delay(Timeout.Infinite)));
        await AnnounceAsync(Ended(BatchStatus.Completed));
        Driver.Sent.Forget();
        using var stop = new CancellationTokenSource();
        var running = Driver.Jobs.StepAsync(MessageOf(await OneAsync(), 1, isFirst: true), stop.Token);
        await Eventually.UntilAsync(() => Upstream.InFlight == 1, "the event is on its way");
        await stop.CancelAsync();
        await running;

        Assert.Equal((0, 1), ((await OneAsync()).Attempts, Driver.Sent.Of(BatchMessageKind.Deliver)));
    }

    private string AddressOf(string path) => new Uri(Upstream.Address, path).ToString();

    private Task<Webhook> AddAsync(string path, IReadOnlyList<string>? events = null) => Webhooks.InsertAsync(
        new Webhook
        {
            Tenant = BatchDriver.Tenant,
            Id = IdKind.Webhook.New(_time.GetUtcNow()),
            Url = AddressOf(path),
            Secret = ReceiverSecret.New(),
            Events = events ?? EventTypes.All,
        },
        default);

    private Batch BatchOf() => ApiDriver.BatchOf(BatchDriver.Tenant, _time.GetUtcNow());

    private Batch Ended(BatchStatus status, DateTimeOffset? at = null) =>
        BatchOf().Finalize(status, _time.GetUtcNow()).End(new BatchEnd(status, at ?? _time.GetUtcNow(), null, null, default, default));

    private Task AnnounceAsync(Batch batch) => Driver.Get<BatchEvents>().AnnounceAsync(batch, since: null, default);

    private async Task<IReadOnlyList<Delivery>> ListAsync() =>
        (await Deliveries.ListAsync(BatchDriver.Tenant, new DeliveryListing(null, 100, null, null, null), default)).Deliveries;

    private async Task<Delivery> OneAsync() => Assert.Single(await ListAsync());

    private Task<bool> SweepAsync() => Driver.Get<Expiry>().RunDueAsync(default);

    private async Task<List<TableEntity>> EntriesAsync() =>
        await Driver.Storage.Tables.GetTableClient(TableNames.Expiring).QueryAsync<TableEntity>("Kind eq 'Delivery'").ToListAsync();

    private Task HandOverAsync(Delivery delivery, int? attempt = null, bool isFirst = true) =>
        Driver.Jobs.StepAsync(MessageOf(delivery, attempt ?? delivery.Attempts + 1, isFirst), default);

    private static QueueMessage MessageOf(Delivery delivery, int attempt, bool isFirst) => QueuesModelFactory.QueueMessage(
        "id", "receipt", new BinaryData(BatchMessage.OfDelivery(delivery.Batch, delivery.Id, attempt).ToString()), isFirst ? 1 : 2);
}
