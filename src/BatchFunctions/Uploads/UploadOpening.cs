using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Uploads;

/// <summary>
/// Begins uploads, within what a project may have: a number of open ones, which are counted each time, and room for the
/// file. The projects of one process take turns, so that requests at once do not pass the count together; those of
/// several processes may.
/// </summary>
internal sealed class UploadOpening(
    UploadStore uploads, ExpiringStore expiring, StoredBytes stored, IOptions<BatchOptions> options, TimeProvider time) : IDisposable
{
    private const int Turns = 16;

    private readonly int _maxOpen = options.Value.MaxOpenUploads;
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, Turns).Select(_ => new SemaphoreSlim(1))];

    /// <exception cref="ApiException">The project has too many open uploads, or no room for the file.</exception>
    public async Task OpenAsync(Upload upload, CancellationToken ct)
    {
        using (var share = await stored.OpenAsync(upload.Tenant, "bytes", ct))
        {
            share.Grow(upload.Bytes);
        }

        var turn = _turns[(int)((uint)string.GetHashCode(upload.Tenant, StringComparison.Ordinal) % Turns)];
        await turn.WaitAsync(ct);
        try
        {
            if (await uploads.CountOpenAsync(upload.Tenant, time.GetUtcNow(), ct) is var open && open >= _maxOpen)
            {
                throw new ApiException(UploadErrors.TooManyUploads(open, _maxOpen));
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
