using BatchFunctions.Http;
using BatchFunctions.Limits;
using BatchFunctions.Operators;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>What a project may have, and what the whole service is doing.</summary>
public sealed class LimitsTriggers(LimitsApi limits, OperatorApi overview)
{
    [Function("limits_get")]
    public Task<IResult> LimitsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Limits)] HttpRequest request,
        CancellationToken ct) => limits.GetAsync(request, ct);

    [Function("operator_get")]
    public Task<IResult> OperatorAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Operator)] HttpRequest request,
        CancellationToken ct) => overview.GetAsync(request, ct);
}
