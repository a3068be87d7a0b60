using Azure;
using BatchFunctions.Files;
using BatchFunctions.Idempotency;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Uploads;

/// <summary>A file uploaded in parts, as stored in the upload's row. Times are UTC.</summary>
internal sealed record Upload : IFenced<Upload>
{
    /// <summary>How long parts may be added: an hour, as with OpenAI.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public required string Tenant { get; init; }

    public required string Id { get; init; }

    /// <summary>
    /// The file's id, chosen when the upload is first completed, so that the file's age counts from then; null before.
    /// A completion after a crash continues with the same id.
    /// </summary>
    public string? FileId { get; init; }

    public required string Filename { get; init; }

    public required string Purpose { get; init; }

    /// <summary>The total size that the parts must have, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The requested lifetime of the file, in seconds.</summary>
    public long? FileSeconds { get; init; }

    public required UploadStatus Status { get; init; }

    /// <summary>Until when one request holds the exclusive right to complete the upload; null if none does.</summary>
    public DateTimeOffset? ClaimedUntil { get; init; }

    /// <summary>
    /// What parts may have staged, in bytes: those that were added, repeats and parts that broke off included, and those
    /// that are coming. Nothing is staged before it is counted here.
    /// </summary>
    public long PartBytes { get; init; }

    public ETag ETag { get; init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object>? Unknown { get; private init; }

    /// <summary>
    /// The most that all parts may come to, in bytes: each may be sent twice, since a client that misses an answer repeats
    /// its part.
    /// </summary>
    public long MaxPartBytes => 2 * Bytes;

    /// <summary>What was asked for when it was begun.</summary>
    public string Digest => IdempotentRequest.DigestOf(Filename, Purpose, $"{Bytes}", $"{FileSeconds}");

    /// <summary>Whether the upload has ended without a file.</summary>
    public bool IsGivenUp => Status is UploadStatus.Cancelled or UploadStatus.Expired;

    public DateTimeOffset CreatedAt => IdKind.Upload.CreatedAt(Id);

    public DateTimeOffset ExpiresAt => CreatedAt + Life;

    /// <summary>The blob in which the parts are staged, and which becomes the file's.</summary>
    public BlobLocation Blob => FileBlobs.LocationOf(Tenant, Id);

    /// <summary>The upload's status at a given time, even if its expiry has not been written to the row yet.</summary>
    public UploadStatus StatusAt(DateTimeOffset now) =>
        Status == UploadStatus.Pending && ExpiresAt <= now ? UploadStatus.Expired : Status;

    public bool IsClaimed(DateTimeOffset now) => ClaimedUntil > now;

    /// <summary>The file that the upload becomes; it must have an id.</summary>
    public StoredFile ToFile()
    {
        var createdAt = IdKind.File.CreatedAt(FileId!);
        return new StoredFile
        {
            Tenant = Tenant,
            Id = FileId!,
            Filename = Filename,
            Purpose = Purpose,
            Bytes = Bytes,
            CreatedAt = createdAt,
            ExpiresAt = FileLife.ExpiresAt(createdAt, Purpose, FileSeconds),
            Blob = Blob,
        };
    }

    /// <summary>The entry by which the sweep finds the upload.</summary>
    public ExpiringEntry ToExpiringEntry(DateTimeOffset due) => new(ExpiringKind.Upload, Tenant, Id, Blob, due);

    /// <inheritdoc/>
    public Upload InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown) => this with { ETag = etag, Unknown = unknown };
}
