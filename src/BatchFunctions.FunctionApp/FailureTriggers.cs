using BatchFunctions.Failures;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>Why lines of a batch failed, guarded by the API's own bearer keys.</summary>
public sealed class FailureTriggers(FailureApi failures)
{
    [Function("batches_errors")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.BatchErrors)] HttpRequest request,
        string id,
        CancellationToken ct) => failures.ListAsync(request, id, ct);
}
