using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Fleet;
using BatchFunctions.Http;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Operators;

/// <summary>The operation for keys of a project with the role <c>operator</c>.</summary>
public sealed class OperatorApi
{
    private readonly ApiGuard _guard;
    private readonly QueueStates _queues;
    private readonly ActiveBatchStore _active;
    private readonly ShareStore _shares;
    private readonly UpstreamGate _gate;
    private readonly UpstreamOptions _upstream;
    private readonly TimeProvider _time;

    internal OperatorApi(
        ApiGuard guard,
        QueueStates queues,
        ActiveBatchStore active,
        ShareStore shares,
        UpstreamGate gate,
        IOptions<BatchOptions> options,
        TimeProvider time)
    {
        _guard = guard;
        _queues = queues;
        _active = active;
        _shares = shares;
        _gate = gate;
        _upstream = options.Value.Upstream;
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
                var ledger = await _shares.ReadLivingAsync(LedgerFleetShare.Upstream, ct);
                var upstream = new UpstreamObject(LedgerFleetShare.Upstream, _upstream, ledger, _gate.Condition);
                return ApiJson.Ok(new OverviewObject(queues, active, [upstream], _time.GetUtcNow()), OperatorJson.Default.OverviewObject);
            },
            ct);
}
