using BatchFunctions.Http;
using BatchFunctions.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>The models that can be batched.</summary>
public sealed class ModelTriggers(ModelApi models)
{
    [Function("models_list")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Models)] HttpRequest request,
        CancellationToken ct) => models.ListAsync(request, ct);

    // A model's name may have slashes, so the template takes everything: it must sort behind the list's.
    [Function("models_retrieve")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Model)] HttpRequest request,
        string id,
        CancellationToken ct) => models.GetAsync(request, id, ct);
}
