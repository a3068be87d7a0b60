using BatchFunctions.Files;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>The operations of <c>/v1/files</c>, guarded by the API's own bearer keys.</summary>
public sealed class FileTriggers(FileApi files)
{
    [Function("files_list")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Files)] HttpRequest request,
        CancellationToken ct) => files.ListAsync(request, ct);

    [Function("files_upload")]
    public Task<IResult> UploadAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.Files)] HttpRequest request,
        CancellationToken ct) => files.UploadAsync(request, ct);

    [Function("files_get")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.File)] HttpRequest request,
        string id,
        CancellationToken ct) => files.GetAsync(request, id, ct);

    [Function("files_delete")]
    public Task<IResult> DeleteAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = ApiRoutes.File)] HttpRequest request,
        string id,
        CancellationToken ct) => files.DeleteAsync(request, id, ct);

    [Function("files_content")]
    public Task<IResult> ContentAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.FileContent)] HttpRequest request,
        string id,
        CancellationToken ct) => files.ContentAsync(request, id, ct);
}
