using BatchFunctions.Http;
using BatchFunctions.Storage;

namespace BatchFunctions.Uploads;

/// <summary>
/// What one part takes of the bytes that an upload's parts may have, written to the upload's row before anything is
/// staged: so parts that come at once cannot exceed it together. A part whose length is known beforehand costs one write.
/// </summary>
internal sealed class PartReservation(Upload upload, UploadStore uploads, TimeProvider time)
{
    /// <summary>
    /// How often a write is begun anew while others are faster. Parts that come at once are, each of them once or twice.
    /// </summary>
    private const int Rounds = 8;

    private long _reserved;
    private long _staged;

    /// <summary>Reserves bytes for the part.</summary>
    /// <exception cref="ApiException">They exceed what the parts may have, or the upload takes no parts any more.</exception>
    public Task TakeAsync(long bytes) => TakeAsync(bytes, bytes);

    /// <summary>Sees to it that what is about to be staged is reserved, and notes it.</summary>
    /// <param name="bytes">The part's bytes so far, with those that are to be staged.</param>
    /// <exception cref="ApiException">They exceed what the parts may have, or the upload takes no parts any more.</exception>
    public async ValueTask AdmitAsync(long bytes)
    {
        if (bytes > _reserved)
        {
            // Where the length is unknown, each write reserves as much again, and the last one gives back what is too much.
            var least = bytes - _reserved;
            var longest = Math.Min(upload.Bytes, UploadPart.MaxBytes);
            await TakeAsync(least, Math.Max(least, Math.Min(_reserved, longest - _reserved)));
        }

        _staged = bytes;
    }

    /// <summary>Gives back what was reserved and not staged. An upload that has ended is left alone.</summary>
    /// <returns>The upload as it is now; null if it has no row any more.</returns>
    public Task<Upload?> SettleAsync() => MutateAsync(current =>
        _reserved == _staged || current.Status != UploadStatus.Pending
            ? null
            : current with { PartBytes = Math.Max(0, current.PartBytes - _reserved + _staged) });

    /// <param name="least">What is needed.</param>
    /// <param name="most">What is taken if there is as much.</param>
    private async Task TakeAsync(long least, long most)
    {
        long taken = 0;
        await MutateAsync(current =>
        {
            var status = current.StatusAt(time.GetUtcNow());
            var left = current.MaxPartBytes - current.PartBytes;
            taken = Math.Clamp(left, least, most);
            return status != UploadStatus.Pending ? throw new ApiException(UploadErrors.WrongUploadState("add a part to", status.Wire()))
                : least > left ? throw new ApiException(UploadErrors.TooManyBytes(current, least))
                : current with { PartBytes = current.PartBytes + taken };
        });
        _reserved += taken;
    }

    /// <summary>Not cancelled with the request: what is reserved and not given back is lost to the upload.</summary>
    private async Task<Upload?> MutateAsync(Func<Upload, Upload?> change)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return await uploads.MutateAsync(upload.Tenant, upload.Id, change, CancellationToken.None);
            }
            catch (ConcurrencyException) when (round < Rounds)
            {
            }
        }
    }
}
