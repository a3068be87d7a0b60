using BatchFunctions.Http;
using BatchFunctions.Service;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>What the service answers about itself, and the answer to everything that has no route.</summary>
public sealed class ServiceTriggers(ServiceApi service)
{
    [Function("health")]
    public Task<IResult> HealthAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Health)] HttpRequest request,
        CancellationToken ct) => service.HealthAsync(request, ct);

    [Function("openapi")]
    public Task<IResult> OpenApiAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.OpenApi)] HttpRequest request,
        CancellationToken ct) => service.OpenApiAsync(request, ct);

    /// <summary>
    /// The host tries templates in the order of the functions' names, so this name must be the last of all. No methods:
    /// it decides between 404 and 405, which the host does not.
    /// </summary>
    [Function("zz_fallback")]
    public Task<IResult> FallbackAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, Route = ApiRoutes.Fallback)] HttpRequest request,
        CancellationToken ct) => service.FallbackAsync(request, ct);
}
