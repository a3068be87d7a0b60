using BatchFunctions.ActiveBatches;
using BatchFunctions.Fleet;
using BatchFunctions.Http;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Operators;

/// <summary>The operation for keys of a project with the role <c>operator</c>.</summary>
public sealed class OperatorApi
{
    private readonly ApiGuard _guard;
    private readonly QueueStates _queues;
    private readonly ActiveBatchStore _active;
    private readonly ShareStore _shares;
    private readonly UpstreamRegistry _upstreams;
    private readonly TimeProvider _time;

    internal OperatorApi(
        ApiGuard guard,
        QueueStates queues,
        ActiveBatchStore active,
        ShareStore shares,
        UpstreamRegistry upstreams,
        TimeProvider time)
    {
        _guard = guard;
        _queues = queues;
        _active = active;
        _shares = shares;
        _upstreams = upstreams;
        _time = time;
    }

    /// <summary><c>GET /v1/operator</c>: queues, the batches of all projects that have not ended, and upstreams.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> GetAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunForOperatorAsync(
            request,
            async ct =>
            {
                var queues = await _queues.ReadAsync(ct);
                var active = await _active.ListAsync(ct).ToListAsync(ct);
                var upstreams = await Task.WhenAll(_upstreams.Upstreams.Select(upstream => LookAtAsync(upstream, ct)));
                return ApiJson.Ok(new OverviewObject(queues, active, upstreams, _time.GetUtcNow()), OperatorJson.Default.OverviewObject);
            },
            ct);

    private async Task<UpstreamObject> LookAtAsync(UpstreamEntry upstream, CancellationToken ct) =>
        new(upstream, await _shares.ReadLivingAsync(upstream.Name, ct));
}
