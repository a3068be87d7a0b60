using BatchFunctions.Http;
using BatchFunctions.Ids;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Files;

/// <summary>The operations of <c>/v1/files</c>.</summary>
public sealed class FileApi
{
    /// <summary>The page size unless the request sets one, and the largest that it may set, in files.</summary>
    internal const int MaxLimit = 10_000;

    private readonly ApiGuard _guard;
    private readonly FileStore _files;
    private readonly FileUpload _upload;
    private readonly FileDeletion _deletion;
    private readonly FileBlobs _blobs;
    private readonly FileParts _parts;

    internal FileApi(ApiGuard guard, FileStore files, FileUpload upload, FileDeletion deletion, FileBlobs blobs, FileParts parts)
    {
        _guard = guard;
        _files = files;
        _upload = upload;
        _deletion = deletion;
        _blobs = blobs;
        _parts = parts;
    }

    /// <summary>
    /// <c>POST /v1/files</c>: uploads a file and its purpose, as a multipart body whose parts may come in any order.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> UploadAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var file = await _upload.TakeAsync(request, caller.Tenant, ct);
                return ApiJson.Ok(new FileObject(file), FileJson.Default.FileObject);
            },
            ct);

    /// <summary><c>GET /v1/files</c>: a page of the caller's files, newest first unless asked otherwise.</summary>
    /// <param name="request">The request, with <c>after</c>, <c>limit</c>, <c>order</c> and <c>purpose</c> in its query.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> ListAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var page = await _files.ListAsync(caller.Tenant, ListingOf(request.Query), ct);
                return ApiJson.Ok(FileObject.ListOf(page), FileJson.Default.FileList);
            },
            ct);

    /// <summary><c>GET /v1/files/{id}</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The file's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> GetAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var file = await FindAsync(caller, id, ct);
                return ApiJson.Ok(new FileObject(file), FileJson.Default.FileObject);
            },
            ct);

    /// <summary>
    /// <c>DELETE /v1/files/{id}</c>: deletes a file; batches that read it go on. Refused with 409 while its batch adds results to it.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The file's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> DeleteAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) => IdKind.File.IsValid(id) && await _deletion.TryDeleteAsync(caller.Tenant, id, ct)
                ? ApiJson.Ok(new DeletedFileObject(id), FileJson.Default.DeletedFileObject)
                : throw new ApiException(FileErrors.NoFile(id)),
            ct);

    /// <summary>
    /// <c>GET /v1/files/{id}/content</c>: the file's bytes, or a range of them, or some of its lines; of results what is there so far.
    /// </summary>
    /// <param name="request">The request, perhaps with <c>offset</c> and <c>limit</c>, in lines, in its query.</param>
    /// <param name="id">The file's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> ContentAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var lines = LineSlice.Of(request.Query);
                return new FileContent(await FindAsync(caller, id, ct), _blobs, _parts, lines);
            },
            ct);

    private static FileListing ListingOf(IQueryCollection query)
    {
        var limit = ApiQuery.Limit(query, MaxLimit, MaxLimit);
        var after = ApiQuery.Single(query, "after");
        if (after is not null && !IdKind.File.IsValid(after))
        {
            throw new ApiException(ApiError.BadCursor("after", IdKind.File.Form));
        }

        var order = ApiQuery.Single(query, "order");
        if (order is not (null or "asc" or "desc"))
        {
            throw new ApiException(ApiError.Unsupported("order", ApiError.Shown(order), ["asc", "desc"]));
        }

        var purpose = ApiQuery.Single(query, "purpose");
        return purpose is null || FilePurposes.Listed.Contains(purpose)
            ? new FileListing(after, limit, order == "asc", purpose)
            : throw new ApiException(ApiError.Unsupported("purpose", ApiError.Shown(purpose), FilePurposes.Listed));
    }

    private async Task<StoredFile> FindAsync(ApiCaller caller, string id, CancellationToken ct) =>
        (IdKind.File.IsValid(id) ? await _files.FindAsync(caller.Tenant, id, ct) : null)
        ?? throw new ApiException(FileErrors.NoFile(id));
}
