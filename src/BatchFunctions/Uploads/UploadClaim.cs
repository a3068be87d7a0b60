using BatchFunctions.Storage;

namespace BatchFunctions.Uploads;

/// <summary>
/// The exclusive right of one request to complete an upload, as its row says it. It is short, so that another process can
/// take over soon after a crash, and is renewed while the work goes on. The holder stops half its length before it
/// lapses: whatever it has sent has landed, or is given up, by the time that another may begin.
/// </summary>
internal sealed class UploadClaim : IDisposable
{
    /// <summary>How long a claim lasts from the last renewal.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan RenewedAfter = Length / 4;

    private readonly UploadStore _uploads;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _limit;

    /// <summary>Holds a claim that has just been written.</summary>
    /// <param name="upload">The upload as it was written.</param>
    /// <param name="uploads">Where it was written.</param>
    /// <param name="time">The clock.</param>
    public UploadClaim(Upload upload, UploadStore uploads, TimeProvider time)
    {
        Upload = upload;
        _uploads = uploads;
        _time = time;
        _limit = new CancellationTokenSource(Left, time);
    }

    /// <summary>The upload as it was last written.</summary>
    public Upload Upload { get; private set; }

    /// <summary>Whether the holder has removed all parts, which the release is to say.</summary>
    public bool HasRemovedParts { get; set; }

    /// <summary>Fires when the holder must stop.</summary>
    public CancellationToken Limit => _limit.Token;

    private TimeSpan Left
    {
        get
        {
            var left = Upload.ClaimedUntil!.Value - (Length / 2) - _time.GetUtcNow();
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Until when a claim lasts that is taken or renewed now.</summary>
    public static DateTimeOffset From(DateTimeOffset now) => now + Length;

    /// <summary>Renews the claim if a quarter of it has passed. To be called often: between any two pieces of work.</summary>
    /// <exception cref="ConcurrencyException">Another has the upload by now.</exception>
    public async ValueTask KeepAsync()
    {
        var now = _time.GetUtcNow();
        if (now < Upload.ClaimedUntil - Length + RenewedAfter)
        {
            return;
        }

        if (!await TryWriteAsync(upload => upload with { ClaimedUntil = From(now) }, Limit))
        {
            throw new ConcurrencyException($"Upload {Upload.Id}");
        }

        _limit.CancelAfter(Left);
    }

    /// <summary>
    /// Changes the upload's row while the claim stands. Its ETag may have changed all the same: parts that come meanwhile
    /// note their bytes there.
    /// </summary>
    /// <returns>Whether it was changed; otherwise another has the upload by now.</returns>
    public async Task<bool> TryWriteAsync(Func<Upload, Upload> change, CancellationToken ct)
    {
        if (await _uploads.TryUpdateAsync(change(Upload), ct) is { } written)
        {
            Upload = written;
            return true;
        }

        var isMine = false;
        var found = await _uploads.MutateAsync(
            Upload.Tenant,
            Upload.Id,
            current =>
            {
                isMine = current.Status == UploadStatus.Pending && current.ClaimedUntil == Upload.ClaimedUntil;
                return isMine ? change(current) : null;
            },
            ct);
        if (isMine)
        {
            Upload = found!;
        }

        return isMine;
    }

    public void Dispose() => _limit.Dispose();
}
