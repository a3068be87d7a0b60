using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Idempotency;
using BatchFunctions.Ids;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Uploads;

/// <summary>
/// The operations of <c>/v1/uploads</c>: large files in parts, without copying or buffering the file.
/// </summary>
public sealed class UploadApi
{
    /// <summary>How often a cancel is tried while parts that are being added write the upload's row.</summary>
    private const int CancelTries = 8;

    private readonly ApiGuard _guard;
    private readonly UploadStore _uploads;
    private readonly UploadCompletion _completion;
    private readonly UploadExpiry _expiry;
    private readonly UploadOpening _opening;
    private readonly PartIntake _parts;
    private readonly IdempotentRequests _once;
    private readonly BatchOptions _options;
    private readonly TimeProvider _time;

    internal UploadApi(
        ApiGuard guard,
        UploadStore uploads,
        UploadCompletion completion,
        UploadExpiry expiry,
        UploadOpening opening,
        PartIntake parts,
        IdempotentRequests once,
        IOptions<BatchOptions> options,
        TimeProvider time)
    {
        _guard = guard;
        _uploads = uploads;
        _completion = completion;
        _expiry = expiry;
        _opening = opening;
        _parts = parts;
        _once = once;
        _options = options.Value;
        _time = time;
    }

    /// <summary><c>POST /v1/uploads</c>: begins an upload, to which parts can be added for an hour.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> CreateAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var (wanted, key) = await UploadRequest.ReadNewAsync(request, caller.Tenant, _options, _time.GetUtcNow(), ct);
                var (upload, isReplayed) = await _once.RunAsync(
                    key is null ? null : new IdempotentRequest(caller.Tenant, "upload", key, wanted.Digest),
                    wanted.Id,
                    id => _uploads.FindAsync(caller.Tenant, id, ct),
                    async () =>
                    {
                        await _opening.OpenAsync(wanted, ct);
                        return wanted;
                    },
                    static e => e is ApiException,
                    ct);
                IdempotencyKey.Tell(request, key, isReplayed);
                return Answer(upload, null);
            },
            ct);

    /// <summary>
    /// <c>POST /v1/uploads/{id}/parts</c>: adds a part of at most 64 MB, in the multipart field <c>data</c>.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The upload's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> AddPartAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var upload = await FindAsync(caller, id, ct);
                CheckPending(upload, "add a part to");
                var part = await _parts.TakeAsync(request, upload, ct);
                return ApiJson.Ok(new UploadPartObject(part), UploadJson.Default.UploadPartObject);
            },
            ct);

    /// <summary><c>POST /v1/uploads/{id}/complete</c>: creates a file from the parts, in the given order.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The upload's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> CompleteAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var (partIds, md5) = await UploadRequest.ReadCompleteAsync(request, ct);
                var done = IdKind.Upload.IsValid(id)
                    ? await _completion.CompleteAsync(caller.Tenant, id, partIds, md5, ct)
                    : null;
                return done is null
                    ? throw new ApiException(UploadErrors.NoUpload(id))
                    : Answer(done.Upload, done.File);
            },
            ct);

    /// <summary>
    /// <c>POST /v1/uploads/{id}/cancel</c>: cancels the upload. One that is already cancelled is returned as it is.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The upload's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> CancelAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                for (var attempt = 0; attempt < CancelTries; attempt++)
                {
                    var upload = await FindAsync(caller, id, ct);
                    if (upload.Status == UploadStatus.Cancelled)
                    {
                        return Answer(upload, null);
                    }

                    CheckPending(upload, "cancel");
                    if (upload.IsClaimed(_time.GetUtcNow()))
                    {
                        break;
                    }

                    if (await _expiry.EndAsync(upload, UploadStatus.Cancelled, ct) is { } ended)
                    {
                        return ended.Status == UploadStatus.Cancelled
                            ? Answer(ended, null)
                            : throw new ApiException(UploadErrors.WrongUploadState("cancel", ended.Status.Wire()));
                    }
                }

                throw new ApiException(ApiError.Contended);
            },
            ct);

    private static IResult Answer(Upload upload, StoredFile? file) =>
        ApiJson.Ok(new UploadObject(upload, file), UploadJson.Default.UploadObject);

    private async Task<Upload> FindAsync(ApiCaller caller, string id, CancellationToken ct) =>
        (IdKind.Upload.IsValid(id) ? await _uploads.FindAsync(caller.Tenant, id, ct) : null)
        ?? throw new ApiException(UploadErrors.NoUpload(id));

    private void CheckPending(Upload upload, string action)
    {
        var status = upload.StatusAt(_time.GetUtcNow());
        if (status != UploadStatus.Pending)
        {
            throw new ApiException(UploadErrors.WrongUploadState(action, status.Wire()));
        }
    }
}
