using BatchFunctions.Http;
using BatchFunctions.Metering;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>What a project has used.</summary>
public sealed class UsageTriggers(UsageApi usage)
{
    [Function("usage_get")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Usage)] HttpRequest request,
        CancellationToken ct) => usage.GetAsync(request, ct);
}
