using BatchFunctions.Checks;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>The check of a file, guarded by the API's own bearer keys.</summary>
public sealed class CheckTriggers(CheckApi checks)
{
    [Function("files_check")]
    public Task<IResult> CheckAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ApiRoutes.FileCheck)] HttpRequest request,
        string id,
        CancellationToken ct) => checks.CheckAsync(request, id, ct);
}
