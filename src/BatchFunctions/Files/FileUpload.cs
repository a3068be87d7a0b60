using System.Security.Cryptography;
using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Idempotency;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Projects;
using BatchFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Files;

/// <summary>
/// Takes a file in one request. Its bytes, or what they unpack to where its name says that they are compressed, are staged as they arrive, whatever fields come after them; staged blocks are
/// invisible, and are discarded if the request is refused or breaks off. Once all fields are known and valid, these
/// follow in order: the <c>expiring</c> entry, the commit, the row. A crash in between leaves a blob that the entry
/// refers to, and never a row without its bytes; one before leaves blocks, which storage drops after a week.
/// </summary>
internal sealed partial class FileUpload(
    FileStore files,
    ExpiringStore expiring,
    FileBlobs blobs,
    StoredBytes stored,
    IdempotentRequests once,
    ProjectReader projects,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<FileUpload> logger)
{
    /// <summary>How long a request that has failed waits for its blocks to be discarded.</summary>
    private static readonly TimeSpan DiscardLimit = TimeSpan.FromSeconds(20);

    private readonly long _maxBytes = options.Value.MaxFileBytes;

    /// <exception cref="ApiException">The request is invalid; nothing is kept of it.</exception>
    public async Task<StoredFile> TakeAsync(HttpRequest request, string tenant, CancellationToken ct)
    {
        // A key that is none is told before anything is taken.
        _ = IdempotencyKey.Of(request, inBody: null);
        var form = MultipartForm.Open(request, _maxBytes, ApiError.TooLarge(_maxBytes));
        using var share = await stored.OpenAsync(tenant, FileFields.File, ct);
        share.Grow(form.LeastFileBytes);
        using var coming = new Coming(tenant, IdKind.File.New(time.GetUtcNow()), share);
        StoredFile file;
        IdempotentRequest? idempotent;
        try
        {
            await ReadAsync(form, coming, ct);
            file = FileOf(coming);
            await projects.CheckOpenAsync(tenant, ct);
            var key = IdempotencyKey.Of(request, coming.Fields.IdempotencyKey);
            idempotent = key is null ? null : new IdempotentRequest(tenant, "file", key, coming.DigestOf(file));
        }
        catch (Exception e) when (coming.MayHaveBlocks && e is not OutOfMemoryException)
        {
            await DiscardAsync(coming);
            throw;
        }

        return await KeepOnceAsync(request, idempotent, file, coming, share);
    }

    /// <summary>
    /// Keeps the file, unless a request with its key has brought it before. Everything has arrived: a client that disconnects now still
    /// gets its file, complete.
    /// </summary>
    private async Task<StoredFile> KeepOnceAsync(
        HttpRequest request, IdempotentRequest? idempotent, StoredFile file, Coming coming, StorageShare share)
    {
        var isKept = false;
        try
        {
            var (kept, isReplayed) = await once.RunAsync(
                idempotent,
                file.Id,
                id => files.FindAsync(file.Tenant, id, CancellationToken.None),
                async () =>
                {
                    isKept = true;
                    await KeepAsync(file, coming.Staged!);
                    share.Keep(file.Bytes);
                    return file;
                },
                static _ => false,
                CancellationToken.None);
            IdempotencyKey.Tell(request, idempotent?.Key, isReplayed);
            return kept;
        }
        finally
        {
            if (!isKept)
            {
                await DiscardAsync(coming);
            }
        }
    }

    private async Task ReadAsync(MultipartForm form, Coming coming, CancellationToken ct)
    {
        var intake = new Intake
        {
            MaxBytes = _maxBytes,
            TooLarge = ApiError.TooLarge(_maxBytes),
            See = coming.See,
            AdmitAsync = coming.AdmitAsync,
        };
        while (await form.NextAsync(ct) is { } next)
        {
            using var part = next;
            if (part.Name != FileFields.File)
            {
                await coming.Fields.TakeAsync(part, ct);
                continue;
            }

            if (coming.Staged is not null)
            {
                throw new ApiException(ApiError.Duplicate(FileFields.File));
            }

            var name = part.Filename ?? throw new ApiException(FileErrors.NoFilename);
            coming.Filename = FileName.Unpacked(name);
            if (FileName.IsPacked(name))
            {
                part.Unpack();
                intake = intake with { TooLarge = FileErrors.UnpacksTooLarge(_maxBytes) };
            }

            coming.Staged = await blobs.StageAsync(coming.Blob, part, coming.Id[IdKind.File.Prefix.Length..], intake, ct);
        }
    }

    private static StoredFile FileOf(Coming coming)
    {
        var (purpose, seconds) = coming.Fields.Complete();
        if (coming.Staged is null)
        {
            throw new ApiException(ApiError.Missing(FileFields.File));
        }

        if (purpose == FilePurposes.Batch)
        {
            BatchInputCheck.Check(coming.Probe.Complete());
        }

        var createdAt = IdKind.File.CreatedAt(coming.Id);
        return new StoredFile
        {
            Tenant = coming.Tenant,
            Id = coming.Id,
            Filename = coming.Filename!,
            Purpose = purpose,
            Bytes = coming.Staged.Bytes,
            Lines = purpose == FilePurposes.Batch ? coming.Counter.Lines : null,
            CreatedAt = createdAt,
            ExpiresAt = FileLife.ExpiresAt(createdAt, purpose, seconds),
            Blob = coming.Blob,
        };
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

    /// <summary>
    /// Removes the blocks of a file that is none. Whatever fails here hides no error; blocks that stay are dropped by
    /// storage after a week, and a blob that stays is found by its entry.
    /// </summary>
    private async Task DiscardAsync(Coming coming)
    {
        using var limit = new CancellationTokenSource(DiscardLimit, time);
        var due = FileLife.DueOf(IdKind.File.CreatedAt(coming.Id), null);
        var entry = new ExpiringEntry(ExpiringKind.File, coming.Tenant, coming.Id, coming.Blob, due);
        try
        {
            await expiring.AddAsync(entry, limit.Token);
            await blobs.DiscardAsync(coming.Blob, limit.Token);
            await expiring.RemoveAsync(entry, limit.Token);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.NotDiscarded(logger, e, coming.Id);
        }
    }

    /// <summary>What has come of a file so far.</summary>
    private sealed class Coming(string tenant, string id, StorageShare share) : IDisposable
    {
        private readonly IncrementalHash _content = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public string Tenant => tenant;

        public string Id => id;

        public BlobLocation Blob { get; } = FileBlobs.LocationOf(tenant, id);

        public FileFields Fields { get; } = new();

        public FirstLineProbe Probe { get; } = new();

        public LineCounter Counter { get; } = new();

        public string? Filename { get; set; }

        public StagedBlocks? Staged { get; set; }

        public bool MayHaveBlocks { get; private set; }

        /// <summary>What has come.</summary>
        public string DigestOf(StoredFile file) => IdempotentRequest.DigestOf(
            file.Filename, file.Purpose, $"{Fields.Complete().Seconds}", Convert.ToHexStringLower(_content.GetHashAndReset()));

        public void Dispose() => _content.Dispose();

        public void See(ReadOnlySpan<byte> bytes)
        {
            _content.AppendData(bytes);
            Probe.Append(bytes);
            Counter.Append(bytes);
            if (Fields.Purpose == FilePurposes.Batch)
            {
                BatchInputCheck.Check(Probe.Verdict);
            }
        }

        public ValueTask AdmitAsync(long bytes)
        {
            share.Grow(bytes);
            MayHaveBlocks = true;
            return ValueTask.CompletedTask;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The blocks of file {FileId}, which was refused or broke off, could not be removed.")]
        public static partial void NotDiscarded(ILogger logger, Exception e, string fileId);
    }
}
