using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Projects;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Uploads;

/// <summary>
/// Begins uploads, within what a project may have: a number of open ones and the bytes of all of them, which are counted each time,
/// and room for the file. The projects of one process take turns, so that requests at once do not pass the count together; those of
/// several processes may.
/// </summary>
internal sealed class UploadOpening(
    UploadStore uploads, ExpiringStore expiring, StoredBytes stored, ProjectReader projects, IOptions<BatchOptions> options, TimeProvider time) : IDisposable
{
    private const int Turns = 16;

    private readonly int _maxOpen = options.Value.MaxOpenUploads;
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, Turns).Select(_ => new SemaphoreSlim(1))];

    /// <exception cref="ApiException">The project has too many open uploads, too much in them, or no room for the file.</exception>
    public async Task OpenAsync(Upload upload, CancellationToken ct)
    {
        await projects.CheckOpenAsync(upload.Tenant, ct);
        var maxBytes = (await projects.LimitsOfAsync(upload.Tenant, ct)).MaxUploadBytes;
        if (upload.Bytes > maxBytes)
        {
            throw new ApiException(UploadErrors.MoreThanMayBeOpen(upload.Bytes, maxBytes));
        }

        using (var share = await stored.OpenAsync(upload.Tenant, "bytes", ct))
        {
            share.Grow(upload.Bytes);
        }

        var turn = _turns[(int)((uint)string.GetHashCode(upload.Tenant, StringComparison.Ordinal) % Turns)];
        await turn.WaitAsync(ct);
        try
        {
            var open = await uploads.OpenOfAsync(upload.Tenant, time.GetUtcNow(), ct);
            if (open.Count >= _maxOpen)
            {
                throw new ApiException(UploadErrors.TooManyUploads(open.Count, _maxOpen));
            }

            if (open.Bytes + upload.Bytes > maxBytes)
            {
                throw new ApiException(UploadErrors.TooMuchOpen(open.Bytes, upload.Bytes, maxBytes));
            }

            await expiring.AddAsync(upload.ToExpiringEntry(upload.ExpiresAt), ct);
            await uploads.InsertAsync(upload, ct);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose()
    {
        foreach (var turn in _turns)
        {
            turn.Dispose();
        }
    }
}
