using BatchFunctions.Http;
using BatchFunctions.Service;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>The operations about the service itself, and the fallback for paths without a route.</summary>
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
    /// The host tries templates in the order of the functions' names, so this name must sort last. It lists no methods,
    /// since it decides between 404 and 405, which the host does not.
    /// </summary>
    [Function("zz_fallback")]
    public Task<IResult> FallbackAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, Route = ApiRoutes.Fallback)] HttpRequest request,
        CancellationToken ct) => service.FallbackAsync(request, ct);
}
