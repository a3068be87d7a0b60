using BatchFunctions.Http;
using BatchFunctions.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>The operations of <c>/v1/webhooks</c>, guarded by the API's own bearer keys.</summary>
public sealed class WebhookTriggers(WebhookApi webhooks)
{
    // 'deliveries' fits the template of a webhook's id: what is about deliveries must sort before it.
    [Function("webhooks_deliveries_list")]
    public Task<IResult> ListDeliveriesAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Deliveries)] HttpRequest request,
        CancellationToken ct) => webhooks.ListDeliveriesAsync(request, ct);

    [Function("webhooks_deliveries_get")]
    public Task<IResult> GetDeliveryAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Delivery)] HttpRequest request,
        string id,
        CancellationToken ct) => webhooks.GetDeliveryAsync(request, id, ct);

    [Function("webhooks_deliveries_resend")]
    public Task<IResult> ResendAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.DeliveryResend)] HttpRequest request,
        string id,
        CancellationToken ct) => webhooks.ResendAsync(request, id, ct);

    [Function("webhooks_list")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Webhooks)] HttpRequest request,
        CancellationToken ct) => webhooks.ListAsync(request, ct);

    [Function("webhooks_create")]
    public Task<IResult> CreateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.Webhooks)] HttpRequest request,
        CancellationToken ct) => webhooks.CreateAsync(request, ct);

    [Function("webhooks_get")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Webhook)] HttpRequest request,
        string id,
        CancellationToken ct) => webhooks.GetAsync(request, id, ct);

    [Function("webhooks_update")]
    public Task<IResult> UpdateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.Webhook)] HttpRequest request,
        string id,
        CancellationToken ct) => webhooks.UpdateAsync(request, id, ct);

    [Function("webhooks_delete")]
    public Task<IResult> DeleteAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = ApiRoutes.Webhook)] HttpRequest request,
        string id,
        CancellationToken ct) => webhooks.DeleteAsync(request, id, ct);

    [Function("webhooks_rotate_secret")]
    public Task<IResult> RotateSecretAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.WebhookRotateSecret)] HttpRequest request,
        string id,
        CancellationToken ct) => webhooks.RotateSecretAsync(request, id, ct);

    [Function("webhooks_test")]
    public Task<IResult> TestAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.WebhookTest)] HttpRequest request,
        string id,
        CancellationToken ct) => webhooks.TestAsync(request, id, ct);
}
