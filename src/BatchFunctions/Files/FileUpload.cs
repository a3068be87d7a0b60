using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Files;

/// <summary>
/// Takes a file in one request. Its bytes are staged as they arrive, whatever fields come after them; staged blocks are
/// invisible, and storage drops them after a week. Once all fields are known and valid, these follow in order: the
/// <c>expiring</c> entry, the commit, the row. A crash in between leaves a blob that the entry refers to, and never a
/// row without its bytes.
/// </summary>
internal sealed class FileUpload(
    FileStore files, ExpiringStore expiring, FileBlobs blobs, IOptions<BatchOptions> options, TimeProvider time)
{
    private readonly long _maxBytes = options.Value.MaxFileBytes;

    /// <exception cref="ApiException">The request is invalid; nothing is kept of it.</exception>
    public async Task<StoredFile> TakeAsync(HttpRequest request, string tenant, CancellationToken ct)
    {
        var form = MultipartForm.Open(request, _maxBytes);
        var id = IdKind.File.New(time.GetUtcNow());
        var blob = FileBlobs.LocationOf(tenant, id);
        var fields = new FileFields();
        var probe = new FirstLineProbe();
        string? filename = null;
        StagedBlocks? staged = null;
        while (await form.NextAsync(ct) is { } part)
        {
            if (part.Name != FileFields.File)
            {
                await fields.TakeAsync(part, ct);
                continue;
            }

            if (staged is not null)
            {
                throw new ApiException(ApiError.Duplicate(FileFields.File));
            }

            filename = part.Filename ?? throw new ApiException(FileErrors.NoFilename);
            staged = await blobs.StageAsync(blob, part, id[IdKind.File.Prefix.Length..], _maxBytes, See, ct);
        }

        var (purpose, seconds) = fields.Complete();
        if (staged is null)
        {
            throw new ApiException(ApiError.Missing(FileFields.File));
        }

        if (purpose == FilePurposes.Batch)
        {
            BatchInputCheck.Check(probe.Complete());
        }

        var createdAt = IdKind.File.CreatedAt(id);
        var file = new StoredFile
        {
            Tenant = tenant,
            Id = id,
            Filename = filename!,
            Purpose = purpose,
            Bytes = staged.Bytes,
            CreatedAt = createdAt,
            ExpiresAt = FileLife.ExpiresAt(createdAt, purpose, seconds),
            Blob = blob,
        };

        // Everything has arrived: a client that disconnects now still gets its file, complete.
        await KeepAsync(file, staged);
        return file;

        void See(ReadOnlySpan<byte> bytes)
        {
            probe.Append(bytes);
            if (fields.Purpose == FilePurposes.Batch)
            {
                BatchInputCheck.Check(probe.Verdict);
            }
        }
    }

    private async Task KeepAsync(StoredFile file, StagedBlocks staged)
    {
        await expiring.AddAsync(file.ToExpiringEntry(FileLife.DueOf(file.CreatedAt, file.ExpiresAt)), CancellationToken.None);
        await blobs.CommitAsync(file.Blob, staged.BlockIds, CancellationToken.None);
        if (!await files.TryInsertAsync(file, CancellationToken.None))
        {
            throw new InvalidOperationException($"There is a file {file.Id} already.");
        }
    }
}
