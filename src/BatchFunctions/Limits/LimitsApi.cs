using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Projects;
using BatchFunctions.Uploads;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Limits;

/// <summary>The operation that tells a caller what its project may have, has, and has left.</summary>
public sealed class LimitsApi
{
    private readonly ApiGuard _guard;
    private readonly ProjectReader _projects;
    private readonly ActiveBatchStore _active;
    private readonly StoredBytes _stored;
    private readonly UploadStore _uploads;
    private readonly BatchOptions _options;
    private readonly TimeProvider _time;

    internal LimitsApi(
        ApiGuard guard,
        ProjectReader projects,
        ActiveBatchStore active,
        StoredBytes stored,
        UploadStore uploads,
        IOptions<BatchOptions> options,
        TimeProvider time)
    {
        _guard = guard;
        _projects = projects;
        _active = active;
        _stored = stored;
        _uploads = uploads;
        _options = options.Value;
        _time = time;
    }

    /// <summary><c>GET /v1/limits</c>: the limits of the caller's project, by the same counts that refuse it more.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> GetAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var limits = await _projects.LimitsOfAsync(caller.Tenant, ct);
                var active = await _active.LoadOfAsync(caller.Tenant, ct);
                var stored = await _stored.UsedAsync(caller.Tenant, ct);
                var uploads = await _uploads.OpenOfAsync(caller.Tenant, _time.GetUtcNow(), ct);
                return ApiJson.Ok(
                    new LimitsObject(caller.Tenant, limits, active, stored, uploads, _options), LimitsJson.Default.LimitsObject);
            },
            ct);
}
