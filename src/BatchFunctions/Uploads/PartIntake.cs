using BatchFunctions.Files;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Uploads;

/// <summary>
/// Takes a part of an upload. Its blocks are staged beside those of the other parts, and cannot be removed one by one: a
/// part that broke off keeps what it had staged, which counts, until the upload ends.
/// </summary>
internal sealed partial class PartIntake(UploadStore uploads, FileBlobs blobs, TimeProvider time, ILogger<PartIntake> logger)
{
    /// <exception cref="ApiException">The request is invalid, or the part is more than the upload may have.</exception>
    public async Task<UploadPart> TakeAsync(HttpRequest request, Upload upload, CancellationToken ct)
    {
        var (max, tooLarge) = upload.Bytes < UploadPart.MaxBytes
            ? (upload.Bytes, UploadErrors.PartTooLarge(upload.Bytes))
            : (UploadPart.MaxBytes, ApiError.TooLarge(UploadPart.MaxBytes));
        var form = MultipartForm.Open(request, max, tooLarge);
        var id = UploadPart.Kind.New(time.GetUtcNow());
        var reservation = new PartReservation(upload, uploads, time);
        var intake = new Intake { MaxBytes = max, TooLarge = tooLarge, AdmitAsync = reservation.AdmitAsync };
        try
        {
            await ReadAsync(form, upload, id, reservation, intake, ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            await TrySettleAsync(upload, reservation);
            throw;
        }

        var settled = await SettleAsync(upload, reservation);
        return settled is { Status: UploadStatus.Pending }
            ? new UploadPart(id, upload.Id)
            : throw new ApiException(UploadErrors.WrongUploadState("add a part to", (settled?.Status ?? UploadStatus.Expired).Wire()));
    }

    private async Task ReadAsync(
        MultipartForm form, Upload upload, string id, PartReservation reservation, Intake intake, CancellationToken ct)
    {
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

            if (form.LengthOf(part) is { } length)
            {
                await reservation.TakeAsync(Math.Min(length, intake.MaxBytes));
            }

            staged = await blobs.StageAsync(upload.Blob, part, UploadPart.OwnerOf(id), intake, ct);
        }

        if (staged is not { Bytes: > 0 })
        {
            throw new ApiException(staged is null ? ApiError.Missing(UploadPart.Field) : UploadErrors.EmptyPart);
        }
    }

    /// <summary>
    /// Settles the reservation, and removes what was staged if the upload has ended meanwhile: its end may have come
    /// before the last of the part's blocks.
    /// </summary>
    private async Task<Upload?> SettleAsync(Upload upload, PartReservation reservation)
    {
        var settled = await reservation.SettleAsync();
        if (settled is { IsGivenUp: true })
        {
            await blobs.DiscardAsync(upload.Blob, CancellationToken.None);
        }

        return settled;
    }

    /// <summary>Settles without hiding the error that ended the part.</summary>
    private async Task TrySettleAsync(Upload upload, PartReservation reservation)
    {
        try
        {
            await SettleAsync(upload, reservation);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.NotSettled(logger, e, upload.Id);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A part of upload {UploadId} broke off, and what was reserved for it could not be given back.")]
        public static partial void NotSettled(ILogger logger, Exception e, string uploadId);
    }
}
