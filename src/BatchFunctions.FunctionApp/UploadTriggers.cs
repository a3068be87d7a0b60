using BatchFunctions.Http;
using BatchFunctions.Uploads;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>The operations of <c>/v1/uploads</c>. The API's own bearer keys guard them.</summary>
public sealed class UploadTriggers(UploadApi uploads)
{
    [Function("uploads_create")]
    public Task<IResult> CreateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.Uploads)] HttpRequest request,
        CancellationToken cancellationToken) => uploads.CreateAsync(request, cancellationToken);

    [Function("uploads_add_part")]
    public Task<IResult> AddPartAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.UploadParts)] HttpRequest request,
        string id,
        CancellationToken cancellationToken) => uploads.AddPartAsync(request, id, cancellationToken);

    [Function("uploads_complete")]
    public Task<IResult> CompleteAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.UploadComplete)] HttpRequest request,
        string id,
        CancellationToken cancellationToken) => uploads.CompleteAsync(request, id, cancellationToken);

    [Function("uploads_cancel")]
    public Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.UploadCancel)] HttpRequest request,
        string id,
        CancellationToken cancellationToken) => uploads.CancelAsync(request, id, cancellationToken);
}
