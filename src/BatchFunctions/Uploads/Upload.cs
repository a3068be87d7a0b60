using Azure;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Uploads;

/// <summary>A file that comes in parts, as its row keeps it. Times are UTC.</summary>
internal sealed record Upload : IFenced<Upload>
{
    /// <summary>How long parts may be added, as OpenAI's.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public required string Tenant { get; init; }

    public required string Id { get; init; }

    /// <summary>
    /// The file's id, chosen when the upload is first completed, so that the file is as old as that; null before. Who
    /// comes after a crash goes on with it.
    /// </summary>
    public string? FileId { get; init; }

    public required string Filename { get; init; }

    public required string Purpose { get; init; }

    /// <summary>What the parts must come to.</summary>
    public required long Bytes { get; init; }

    /// <summary>The life asked for the file, in seconds.</summary>
    public long? FileSeconds { get; init; }

    public required UploadStatus Status { get; init; }

    /// <summary>Until when one request alone may complete the upload; null when none does.</summary>
    public DateTimeOffset? ClaimedUntil { get; init; }

    public ETag ETag { get; init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object>? Unknown { get; private init; }

    public DateTimeOffset CreatedAt => IdKind.Upload.CreatedAt(Id);

    public DateTimeOffset ExpiresAt => CreatedAt + Life;

    /// <summary>Where the parts are staged, and the file's bytes stay.</summary>
    public BlobLocation Blob => FileBlobs.LocationOf(Tenant, Id);

    /// <summary>What the upload is by now, whether or not anybody has written down that it has expired.</summary>
    public UploadStatus StatusAt(DateTimeOffset now) =>
        Status == UploadStatus.Pending && ExpiresAt <= now ? UploadStatus.Expired : Status;

    public bool IsClaimed(DateTimeOffset now) => ClaimedUntil > now;

    /// <summary>The file that the upload makes, once it has an id.</summary>
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

    /// <summary>What tells the sweep of the upload.</summary>
    public ExpiringEntry ToExpiringEntry(DateTimeOffset due) => new(ExpiringKind.Upload, Tenant, Id, Blob, due);

    /// <inheritdoc/>
    public Upload InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown) => this with { ETag = etag, Unknown = unknown };
}
