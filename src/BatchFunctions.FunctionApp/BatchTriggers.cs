using BatchFunctions.Batches;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>The operations of <c>/v1/batches</c>, guarded by the API's own bearer keys.</summary>
public sealed class BatchTriggers(BatchApi batches)
{
    [Function("batches_list")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Batches)] HttpRequest request,
        CancellationToken ct) => batches.ListAsync(request, ct);

    [Function("batches_create")]
    public Task<IResult> CreateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.Batches)] HttpRequest request,
        CancellationToken ct) => batches.CreateAsync(request, ct);

    [Function("batches_get")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Batch)] HttpRequest request,
        string id,
        CancellationToken ct) => batches.GetAsync(request, id, ct);

    [Function("batches_progress")]
    public Task<IResult> GetProgressAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.BatchProgress)] HttpRequest request,
        string id,
        CancellationToken ct) => batches.GetProgressAsync(request, id, ct);

    [Function("batches_cancel")]
    public Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.BatchCancel)] HttpRequest request,
        string id,
        CancellationToken ct) => batches.CancelAsync(request, id, ct);

    [Function("batches_retry")]
    public Task<IResult> RetryAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.BatchRetry)] HttpRequest request,
        string id,
        CancellationToken ct) => batches.RetryAsync(request, id, ct);

    [Function("batches_delete")]
    public Task<IResult> DeleteAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = ApiRoutes.Batch)] HttpRequest request,
        string id,
        CancellationToken ct) => batches.DeleteAsync(request, id, ct);
}
