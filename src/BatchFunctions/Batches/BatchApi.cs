using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Idempotency;
using BatchFunctions.Ids;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Batches;

/// <summary>The operations of <c>/v1/batches</c>.</summary>
public sealed class BatchApi
{
    /// <summary>The page size unless the request sets one, in batches.</summary>
    internal const int DefaultLimit = 20;

    /// <summary>The largest page size that a request may set.</summary>
    internal const int MaxLimit = 100;

    private readonly ApiGuard _guard;
    private readonly BatchStore _batches;
    private readonly BatchList _list;
    private readonly BatchCreation _creation;
    private readonly BatchCancellation _cancellation;
    private readonly BatchRetry _retry;
    private readonly BatchDeletion _deletion;
    private readonly IdempotentRequests _once;
    private readonly UpstreamRegistry _upstreams;
    private readonly SweepWatch _sweeps;
    private readonly BatchOptions _options;
    private readonly TimeProvider _time;

    internal BatchApi(
        ApiGuard guard,
        BatchStore batches,
        BatchList list,
        BatchCreation creation,
        BatchCancellation cancellation,
        BatchRetry retry,
        BatchDeletion deletion,
        IdempotentRequests once,
        UpstreamRegistry upstreams,
        SweepWatch sweeps,
        IOptions<BatchOptions> options,
        TimeProvider time)
    {
        _guard = guard;
        _batches = batches;
        _list = list;
        _creation = creation;
        _cancellation = cancellation;
        _retry = retry;
        _deletion = deletion;
        _once = once;
        _upstreams = upstreams;
        _sweeps = sweeps;
        _options = options.Value;
        _time = time;
    }

    /// <summary><c>GET /v1/batches</c>: a page of the caller's batches, newest first.</summary>
    /// <param name="request">The request, with cursor, limit and filters in its query.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> ListAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var page = await _list.PageAsync(caller.Tenant, BatchListing.Of(request), ct);
                await SeeToAsync(page.Batches, ct);
                return ApiJson.Ok(BatchObject.ListOf(page), BatchJson.Default.BatchList);
            },
            ct);

    /// <summary><c>POST /v1/batches</c>: creates a batch from an uploaded file.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> CreateAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var wanted = await BatchRequest.ReadAsync(request, caller.Tenant, _options, ct);
                return await MadeOnceAsync(
                    request,
                    wanted.IdempotencyKey is { } key ? new IdempotentRequest(caller.Tenant, "batch", key, wanted.Digest) : null,
                    async id => await _creation.TryCreateAsync(wanted, id, ct) ?? throw new ApiException(BatchErrors.NoInputFile(wanted.InputFileId)),
                    caller,
                    ct);
            },
            ct);

    /// <summary><c>GET /v1/batches/{id}</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The batch's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> GetAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var batch = await _batches.FindAsync(caller.Tenant, id, ct);
                await SeeToAsync(batch is null ? [] : [batch], ct);
                return Answer(batch, id);
            },
            ct);

    /// <summary><c>GET /v1/batches/{id}/progress</c>: how a batch gets on.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The batch's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> GetProgressAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var batch = await _batches.FindAsync(caller.Tenant, id, ct) ?? throw new ApiException(BatchErrors.NoBatch(id));
                await SeeToAsync([batch], ct);
                return ApiJson.Ok(
                    new BatchProgressObject(batch, HealthOf(_upstreams.EntriesOf(batch.Model)), _time.GetUtcNow()), BatchJson.Default.BatchProgressObject);
            },
            ct);

    /// <summary>
    /// <c>POST /v1/batches/{id}/cancel</c>. A batch that is already cancelling or cancelled is returned as
    /// it is; one that has ended in another way, or is about to, is refused with 409.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The batch's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> CancelAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var batch = IdKind.Batch.IsValid(id)
                    ? await _cancellation.CancelAsync(new BatchKey(caller.Tenant, id), ct)
                    : null;
                return batch is { Status: not (BatchStatus.Cancelling or BatchStatus.Cancelled) }
                    && batch.Outcome != BatchStatus.Cancelled
                    ? throw new ApiException(BatchErrors.CannotCancel(batch.Status.Wire()))
                    : Answer(batch, id);
            },
            ct);

    /// <summary>
    /// <c>POST /v1/batches/{id}/retry</c>: makes a batch of those lines of an ended one that did not succeed.
    /// </summary>
    /// <param name="request">The request, whose body may narrow which lines.</param>
    /// <param name="id">The batch's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> RetryAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var wanted = await BatchRequest.ReadRetryAsync(request, _options, ct);
                return IdKind.Batch.IsValid(id)
                    ? await MadeOnceAsync(
                        request,
                        wanted.IdempotencyKey is { } key ? new IdempotentRequest(caller.Tenant, $"retry of {id}", key, wanted.Digest) : null,
                        async newId => await _retry.TryRetryAsync(new BatchKey(caller.Tenant, id), wanted, newId, ct) ?? throw new ApiException(BatchErrors.NoBatch(id)),
                        caller,
                        ct)
                    : throw new ApiException(BatchErrors.NoBatch(id));
            },
            ct);

    /// <summary>
    /// <c>DELETE /v1/batches/{id}</c>: deletes an ended batch with its output and error files; one that has not ended is refused with 409.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The batch's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> DeleteAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) => IdKind.Batch.IsValid(id) && await _deletion.TryDeleteAsync(new BatchKey(caller.Tenant, id), ct)
                ? ApiJson.Ok(new DeletedBatchObject(id), BatchJson.Default.DeletedBatchObject)
                : throw new ApiException(BatchErrors.NoBatch(id)),
            ct);

    /// <summary>Whoever asks for a batch that has not ended keeps the sweeps going: where every worker died, nobody else does.</summary>
    private Task SeeToAsync(IReadOnlyList<Batch> batches, CancellationToken ct) =>
        batches.Any(static batch => !batch.Status.HasEnded()) ? _sweeps.LookAsync(ct) : Task.CompletedTask;

    /// <summary>Makes a batch, or answers the one that the same request has made before.</summary>
    private async Task<IResult> MadeOnceAsync(
        HttpRequest request, IdempotentRequest? idempotent, Func<string, Task<Batch>> make, ApiCaller caller, CancellationToken ct)
    {
        var newId = IdKind.Batch.New(_time.GetUtcNow());
        var (batch, isReplayed) = await _once.RunAsync(
            idempotent,
            newId,
            id => _batches.FindAsync(new BatchKey(caller.Tenant, id), ct),
            () => make(newId),
            static e => e is ApiException,
            ct);
        IdempotencyKey.Tell(request, idempotent?.Key, isReplayed);
        return ApiJson.Ok(new BatchObject(batch), BatchJson.Default.BatchObject);
    }

    private static UpstreamHealthObject HealthOf(IReadOnlyList<UpstreamEntry> upstreams) => UpstreamHealthObject.Best(
    [
        .. upstreams.Select(static upstream => upstream.Gate.Condition)
            .Select(static condition => UpstreamHealthObject.Of(condition.IsKnown, condition.AwaySince, condition.Reason)),
    ]);

    private static IResult Answer(Batch? batch, string id) => batch is null
        ? throw new ApiException(BatchErrors.NoBatch(id))
        : ApiJson.Ok(new BatchObject(batch), BatchJson.Default.BatchObject);
}
