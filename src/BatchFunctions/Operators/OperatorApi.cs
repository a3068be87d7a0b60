using BatchFunctions.ActiveBatches;
using BatchFunctions.Http;
using BatchFunctions.Wakeups;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Operators;

/// <summary>The operation for keys of a project with the role <c>operator</c>.</summary>
public sealed class OperatorApi
{
    private readonly ApiGuard _guard;
    private readonly QueueStates _queues;
    private readonly ActiveBatchStore _active;
    private readonly TimeProvider _time;

    internal OperatorApi(ApiGuard guard, QueueStates queues, ActiveBatchStore active, TimeProvider time)
    {
        _guard = guard;
        _queues = queues;
        _active = active;
        _time = time;
    }

    /// <summary><c>GET /v1/operator</c>: queues, and the batches of all projects that have not ended.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> GetAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunForOperatorAsync(
            request,
            async ct =>
            {
                var queues = await _queues.ReadAsync(ct);
                var active = await _active.ListAsync(ct).ToListAsync(ct);
                return ApiJson.Ok(new OverviewObject(queues, active, _time.GetUtcNow()), OperatorJson.Default.OverviewObject);
            },
            ct);
}
