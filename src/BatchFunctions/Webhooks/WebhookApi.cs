using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Receivers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Webhooks;

/// <summary>The operations of <c>/v1/webhooks</c>: where events of a project's batches are sent.</summary>
public sealed class WebhookApi
{
    private readonly ApiGuard _guard;
    private readonly WebhookStore _webhooks;
    private readonly DeliveryStore _deliveries;
    private readonly BatchEvents _events;
    private readonly DeliveryWork _work;
    private readonly DeliveryPlaces _places;
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;

    internal WebhookApi(
        ApiGuard guard,
        WebhookStore webhooks,
        DeliveryStore deliveries,
        BatchEvents events,
        DeliveryWork work,
        DeliveryPlaces places,
        IOptions<BatchOptions> options,
        TimeProvider time)
    {
        _guard = guard;
        _webhooks = webhooks;
        _deliveries = deliveries;
        _events = events;
        _work = work;
        _places = places;
        _options = options.Value.Webhooks;
        _time = time;
    }

    /// <summary><c>GET /v1/webhooks</c>: all webhooks of the caller's project, newest first.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> ListAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) => ApiJson.Ok(
                new ListObject<WebhookObject>(
                    [.. (await _webhooks.ListAsync(caller.Tenant, ct)).Select(webhook => new WebhookObject(webhook))], hasMore: false, webhook => webhook.Id),
                WebhookJson.Default.WebhookList),
            ct);

    /// <summary>
    /// <c>POST /v1/webhooks</c>: adds a webhook, and shows its secret. Its row is written, then all of the project's are counted: so of those that
    /// are made at once each sees the others.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> CreateAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                ReceiverErrors.ThrowIfOff(_options);
                var wanted = await WebhookRequest.ReadNewAsync(request, _options, ct);
                var now = _time.GetUtcNow();
                var webhook = await _webhooks.InsertAsync(
                    wanted.ApplyTo(
                        new Webhook
                        {
                            Tenant = caller.Tenant,
                            Id = IdKind.Webhook.New(now),
                            Url = wanted.Url!,
                            Secret = ReceiverSecret.New(),
                            Events = EventTypes.All,
                        },
                        now),
                    ct);
                if (await _webhooks.CountAsync(caller.Tenant, ct) > _options.MaxEndpoints)
                {
                    await _webhooks.DeleteAsync(webhook, CancellationToken.None);
                    throw new ApiException(WebhookErrors.TooMany(caller.Tenant, _options.MaxEndpoints));
                }

                return ApiJson.Ok(new WebhookObject(webhook, showsSecret: true), WebhookJson.Default.WebhookObject);
            },
            ct);

    /// <summary><c>GET /v1/webhooks/{id}</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The webhook's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> GetAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(request, async (caller, ct) => Answer(await _webhooks.FindAsync(caller.Tenant, id, ct), id), ct);

    /// <summary><c>POST /v1/webhooks/{id}</c>: changes what the request names. One that is enabled begins anew.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The webhook's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> UpdateAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var wanted = await WebhookRequest.ReadUpdateAsync(request, _options, ct);
                return Answer(Readable(await _webhooks.MutateAsync(caller.Tenant, id, webhook => wanted.ApplyTo(webhook, _time.GetUtcNow()), ct)), id);
            },
            ct);

    /// <summary><c>DELETE /v1/webhooks/{id}</c>: what was not yet sent to it is given up.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The webhook's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> DeleteAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var webhook = await _webhooks.FindAsync(caller.Tenant, id, ct) ?? throw new ApiException(WebhookErrors.NoWebhook(id));
                await _webhooks.DeleteAsync(webhook, ct);
                return ApiJson.Ok(new DeletedWebhookObject(id), WebhookJson.Default.DeletedWebhookObject);
            },
            ct);

    /// <summary>
    /// <c>POST /v1/webhooks/{id}/rotate_secret</c>: gives it another secret, and shows it. For a day events are signed with those before it, too.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The webhook's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> RotateSecretAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var secret = ReceiverSecret.New();
                return Answer(
                    Readable(await _webhooks.MutateAsync(
                        caller.Tenant, id, webhook => webhook.Rotate(secret, _time.GetUtcNow()) ?? throw new ApiException(WebhookErrors.TooManySecrets), ct)),
                    id,
                    showsSecret: true);
            },
            ct);

    /// <summary><c>POST /v1/webhooks/{id}/test</c>: sends an event about no batch, once and now, and tells what came of it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The webhook's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> TestAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                ReceiverErrors.ThrowIfOff(_options);
                var type = await WebhookRequest.ReadTestAsync(request, ct);
                var webhook = Readable(await _webhooks.FindAsync(caller.Tenant, id, ct)) ?? throw new ApiException(WebhookErrors.NoWebhook(id));
                using var place = _places.TryEnter(caller.Tenant, new Uri(webhook.Url).Host) ?? throw new ApiException(WebhookErrors.Busy);
                var now = _time.GetUtcNow();
                var test = Delivery.TestOf(webhook, type, now);
                await _events.WatchAsync(test, ct);
                var written = await _deliveries.TryInsertAsync(test, ct) ?? test;
                return Answer(await _work.AttemptAsync(written, webhook.ReceiverAt(now), ct) ?? written);
            },
            ct);

    /// <summary><c>GET /v1/webhooks/deliveries</c>: a page of the project's deliveries, newest first.</summary>
    /// <param name="request">The request, with cursor, limit and filters in its query.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> ListDeliveriesAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var (deliveries, hasMore) = await _deliveries.ListAsync(caller.Tenant, DeliveryListing.Of(request.Query), ct);
                return ApiJson.Ok(
                    new ListObject<DeliveryObject>([.. deliveries.Select(delivery => new DeliveryObject(delivery))], hasMore, delivery => delivery.Id),
                    WebhookJson.Default.DeliveryList);
            },
            ct);

    /// <summary><c>GET /v1/webhooks/deliveries/{id}</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The delivery's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> GetDeliveryAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) => Answer(await _deliveries.FindAsync(caller.Tenant, id, ct) ?? throw new ApiException(WebhookErrors.NoDelivery(id))),
            ct);

    /// <summary>
    /// <c>POST /v1/webhooks/deliveries/{id}/resend</c>: sends it again, whatever came of it, with the same event, and tries for another three days.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The delivery's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> ResendAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                ReceiverErrors.ThrowIfOff(_options);
                var delivery = await _deliveries.FindAsync(caller.Tenant, id, ct) ?? throw new ApiException(WebhookErrors.NoDelivery(id));
                await CheckAsync(delivery, ct);
                var now = _time.GetUtcNow();
                await _events.WatchAsync(delivery.Again(now), ct);
                var again = await _deliveries.MutateAsync(caller.Tenant, id, current => current.Again(now), ct)
                    ?? throw new ApiException(WebhookErrors.NoDelivery(id));
                await _events.SendAsync(again, now, ct);
                return Answer(again);
            },
            ct);

    private async Task CheckAsync(Delivery delivery, CancellationToken ct)
    {
        if (delivery.Unreadable is not null)
        {
            throw new ApiException(WebhookErrors.IsUnreadable);
        }

        if (delivery.IsTest)
        {
            throw new ApiException(WebhookErrors.IsTest);
        }

        if (delivery.WebhookId is not { } id)
        {
            return;
        }

        var webhook = await _webhooks.FindAsync(delivery.Tenant, id, ct) ?? throw new ApiException(WebhookErrors.NoWebhook(id));
        if (!webhook.IsEnabled)
        {
            throw new ApiException(WebhookErrors.IsDisabled);
        }
    }

    private static Webhook? Readable(Webhook? webhook) =>
        webhook?.Unreadable is null ? webhook : throw new ApiException(WebhookErrors.IsUnreadable);

    private static IResult Answer(Webhook? webhook, string id, bool showsSecret = false) => webhook is null
        ? throw new ApiException(WebhookErrors.NoWebhook(id))
        : ApiJson.Ok(new WebhookObject(webhook, showsSecret), WebhookJson.Default.WebhookObject);

    private static IResult Answer(Delivery delivery) => ApiJson.Ok(new DeliveryObject(delivery), WebhookJson.Default.DeliveryObject);
}
