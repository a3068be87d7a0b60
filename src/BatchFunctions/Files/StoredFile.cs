using Azure;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Files;

/// <summary>A file, as stored in its row. Times are UTC.</summary>
internal sealed record StoredFile : IFenced<StoredFile>
{
    public required string Tenant { get; init; }

    public required string Id { get; init; }

    public required string Filename { get; init; }

    /// <summary>
    /// What the file is for: <c>batch</c> for inputs, <c>batch_output</c> for the results of batches.
    /// </summary>
    public required string Purpose { get; init; }

    public required long Bytes { get; init; }

    /// <summary>
    /// The lines of a batch's input: counted as they came, or estimated from the first ones where the rest was not read. Null for
    /// other files, and where an older version wrote the row.
    /// </summary>
    public long? Lines { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the file expires; null if it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Its blob; of one that is made of <see cref="Segments"/>, what their names begin with.</summary>
    public required BlobLocation Blob { get; init; }

    /// <summary>
    /// The parts that a result file is made of, in the order in which they were published, without those in <see cref="Pages"/>, which
    /// come before them; null where it is one blob. The list only grows, so that what was once read is a prefix of the whole file.
    /// </summary>
    public IReadOnlyList<FileSegment>? Segments { get; init; }

    /// <summary>Where the segments are that its row has no room for; see <see cref="SegmentList"/>.</summary>
    public IReadOnlyList<SegmentPage> Pages { get; init; } = [];

    /// <summary>How many segments of each chunk are in the pages.</summary>
    public PagedChunks Paged { get; init; } = PagedChunks.None;

    /// <summary>How many segments it is made of; 0 where it is one blob.</summary>
    public int SegmentCount => Pages.Sum(page => page.Count) + (Segments?.Count ?? 0);

    /// <summary>The lines of a file of segments, which are counted; null of other files.</summary>
    public long? SegmentLines => Segments is null ? null : Pages.Sum(page => page.Lines) + Segments.Sum(segment => (long)segment.Lines);

    /// <summary>Whether its batch is still adding to it.</summary>
    public bool IsGrowing { get; init; }

    /// <summary>
    /// A tombstone: the file has been deleted, and its row stays for a while so that a late finisher of a batch does
    /// not bring the file back.
    /// </summary>
    public bool Deleted { get; init; }

    /// <summary>
    /// Until when a request of an earlier version is deciding whether the file goes; null if none is. Until it has decided, the
    /// file is there for everybody who reads it, and no batch is made of it. A mark that has lapsed means nothing, but only who takes
    /// it away can be sure that its writer decides no more: see <see cref="FileStore.FindSettledAsync"/>. This version writes none.
    /// </summary>
    public DateTimeOffset? DeletingUntil { get; init; }

    public ETag ETag { get; init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object>? Unknown { get; private init; }

    public bool IsGone(DateTimeOffset now) => Deleted || ExpiresAt <= now;

    /// <summary>Whether a request of an earlier version is deciding whether the file goes.</summary>
    public bool IsBeingDeleted(DateTimeOffset now) => !Deleted && DeletingUntil > now;

    /// <summary>The batch whose results it has: their blobs begin with its id.</summary>
    public BatchKey MadeBy => new(Tenant, Blob.Name[..Blob.Name.IndexOf('/', StringComparison.Ordinal)]);

    /// <summary>Those of its batch's segments that it has not got, in their order.</summary>
    /// <param name="segments">For each chunk that it names, all segments from the chunk's first on.</param>
    public IReadOnlyList<FileSegment> Missing(IReadOnlyList<FileSegment> segments)
    {
        var known = (Segments ?? []).ToHashSet();
        return [.. Paged.Without(segments).Where(segment => !known.Contains(segment))];
    }

    /// <summary>The file with these segments behind those that it has.</summary>
    public StoredFile With(IReadOnlyList<FileSegment> more) => this with
    {
        Segments = [.. Segments ?? [], .. more],
        Bytes = Bytes + more.Sum(segment => segment.Bytes),
    };

    /// <summary>The entry by which the sweep finds the file.</summary>
    public ExpiringEntry ToExpiringEntry(DateTimeOffset due) => new(ExpiringKind.File, Tenant, Id, Blob, due);

    /// <inheritdoc/>
    public StoredFile InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown) => this with { ETag = etag, Unknown = unknown };
}
