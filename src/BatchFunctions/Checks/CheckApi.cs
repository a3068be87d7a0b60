using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Checks;

/// <summary>The operation that checks a file before a batch is made of it.</summary>
public sealed class CheckApi
{
    private readonly ApiGuard _guard;
    private readonly FileStore _files;
    private readonly FileCheck _check;
    private readonly BatchOptions _options;

    internal CheckApi(ApiGuard guard, FileStore files, FileCheck check, IOptions<BatchOptions> options)
    {
        _guard = guard;
        _files = files;
        _check = check;
        _options = options.Value;
    }

    /// <summary><c>POST /v1/files/{id}/check</c>: what is wrong with a file's lines, and what they come to.</summary>
    /// <param name="request">The request, perhaps with <c>endpoint</c> and <c>after</c> in its body.</param>
    /// <param name="id">The file's id.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> CheckAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (caller, ct) =>
            {
                var wanted = await CheckRequest.ReadAsync(request, _options.Endpoints, ct);
                var file = (IdKind.File.IsValid(id) ? await _files.FindAsync(caller.Tenant, id, ct) : null)
                    ?? throw new ApiException(FileErrors.NoFile(id));
                return ApiJson.Ok(await _check.RunAsync(file, wanted, ct), CheckJson.Default.FileCheckObject);
            },
            ct);
}
