using BatchFunctions.Batches;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Failures;

/// <summary>The operation that tells why lines of a batch failed.</summary>
public sealed class FailureApi
{
    private readonly ApiGuard _guard;
    private readonly BatchStore _batches;
    private readonly FailureReading _reading;

    internal FailureApi(ApiGuard guard, BatchStore batches, FailureReading reading)
    {
        _guard = guard;
        _batches = batches;
        _reading = reading;
    }

    /// <summary>
    /// <c>GET /v1/batches/{id}/errors</c>: a batch's failures by what they have in common, each with an example and what it asked for;
    /// of one that runs, those that there are so far.
    /// </summary>
    /// <param name="request">The request, perhaps with <c>offset</c>, in lines of the error file, in its query.</param>
    /// <param name="id">The batch's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> ListAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var offset = ApiQuery.Number(request.Query, "offset", 0, long.MaxValue) ?? 0;
                var batch = await _batches.FindAsync(caller.Tenant, id, ct) ?? throw new ApiException(BatchErrors.NoBatch(id));
                return ApiJson.Ok(await _reading.ReadAsync(batch, offset, ct), FailureJson.Default.BatchErrorsObject);
            },
            ct);
}
