using BatchFunctions.Http;
using BatchFunctions.Uploads;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>The operations of <c>/v1/uploads</c>, guarded by the API's own bearer keys.</summary>
public sealed class UploadTriggers(UploadApi uploads)
{
    [Function("uploads_create")]
    public Task<IResult> CreateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.Uploads)] HttpRequest request,
        CancellationToken ct) => uploads.CreateAsync(request, ct);

    [Function("uploads_add_part")]
    public Task<IResult> AddPartAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.UploadParts)] HttpRequest request,
        string id,
        CancellationToken ct) => uploads.AddPartAsync(request, id, ct);

    [Function("uploads_complete")]
    public Task<IResult> CompleteAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.UploadComplete)] HttpRequest request,
        string id,
        CancellationToken ct) => uploads.CompleteAsync(request, id, ct);

    [Function("uploads_cancel")]
    public Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.UploadCancel)] HttpRequest request,
        string id,
        CancellationToken ct) => uploads.CancelAsync(request, id, ct);
}
