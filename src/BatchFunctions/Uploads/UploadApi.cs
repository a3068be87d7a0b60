using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Uploads;

/// <summary>
/// The operations of <c>/v1/uploads</c>: large files in parts, without copying or buffering the file.
/// </summary>
public sealed class UploadApi
{
    private readonly ApiGuard _guard;
    private readonly UploadStore _uploads;
    private readonly UploadCompletion _completion;
    private readonly UploadExpiry _expiry;
    private readonly ExpiringStore _expiring;
    private readonly FileBlobs _blobs;
    private readonly BatchOptions _options;
    private readonly TimeProvider _time;

    internal UploadApi(
        ApiGuard guard,
        UploadStore uploads,
        UploadCompletion completion,
        UploadExpiry expiry,
        ExpiringStore expiring,
        FileBlobs blobs,
        IOptions<BatchOptions> options,
        TimeProvider time)
    {
        _guard = guard;
        _uploads = uploads;
        _completion = completion;
        _expiry = expiry;
        _expiring = expiring;
        _blobs = blobs;
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
                var upload = await UploadRequest.ReadNewAsync(request, caller.Tenant, _options, _time.GetUtcNow(), ct);
                await _expiring.AddAsync(upload.ToExpiringEntry(upload.ExpiresAt), ct);
                await _uploads.InsertAsync(upload, ct);
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
                var part = await TakePartAsync(request, upload, ct);
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
                var upload = await FindAsync(caller, id, ct);
                if (upload.Status != UploadStatus.Cancelled)
                {
                    CheckPending(upload, "cancel");
                    upload = upload.IsClaimed(_time.GetUtcNow()) ? null : await _expiry.EndAsync(upload, UploadStatus.Cancelled, ct);
                }

                return upload switch
                {
                    null => throw new ApiException(ApiError.Contended),
                    { Status: UploadStatus.Cancelled } => Answer(upload, null),
                    _ => throw new ApiException(UploadErrors.WrongUploadState("cancel", upload.Status.Wire())),
                };
            },
            ct);

    private static IResult Answer(Upload upload, StoredFile? file) =>
        ApiJson.Ok(new UploadObject(upload, file), UploadJson.Default.UploadObject);

    private async Task<UploadPart> TakePartAsync(HttpRequest request, Upload upload, CancellationToken ct)
    {
        var form = MultipartForm.Open(request, UploadPart.MaxBytes);
        var id = UploadPart.Kind.New(_time.GetUtcNow());
        StagedBlocks? staged = null;
        while (await form.NextAsync(ct) is { } part)
        {
            if (part.Name != UploadPart.Field)
            {
                throw new ApiException(ApiError.Unknown(ApiError.Shown(part.Name)));
            }

            if (staged is not null)
            {
                throw new ApiException(ApiError.Duplicate(UploadPart.Field));
            }

            staged = await _blobs.StageAsync(upload.Blob, part, UploadPart.OwnerOf(id), UploadPart.MaxBytes, _ => { }, ct);
        }

        return staged switch
        {
            null => throw new ApiException(ApiError.Missing(UploadPart.Field)),
            { Bytes: 0 } => throw new ApiException(UploadErrors.EmptyPart),
            _ => new UploadPart(id, upload.Id),
        };
    }

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
