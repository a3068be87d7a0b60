using Azure;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Storage;

namespace BatchFunctions.Chunks;

/// <summary>
/// A run of a batch's lines, as its row keeps it: where they stand in the input, which of them are in the output and
/// error blobs already (<see cref="Done"/>), by which blocks, and who is at work on the rest. The row's write is the
/// commit of a checkpoint and its ETag the fence: staged blocks that no row names are never part of a file.
/// </summary>
internal sealed record Chunk : IFenced<Chunk>
{
    public required BatchKey Batch { get; init; }

    /// <summary>0-based.</summary>
    public required int Number { get; init; }

    /// <summary>The first byte of the chunk in the input file, and how many there are.</summary>
    public required long Offset { get; init; }

    /// <inheritdoc cref="Offset"/>
    public required long Length { get; init; }

    /// <summary>Lines in the chunk, blank ones not counted.</summary>
    public required int Lines { get; init; }

    /// <summary>The batch's lines before this chunk, blank ones not counted: it numbers the output lines' ids.</summary>
    public required int LinesBefore { get; init; }

    public bool Ended { get; init; }

    /// <summary>How often the chunk was claimed. It stands in block ids, so that no two claims share one.</summary>
    public int Epoch { get; init; }

    /// <summary>The claim that holds the chunk; null when it is idle.</summary>
    public string? Owner { get; init; }

    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>
    /// From when on a chunk that was begun and is idle may be taken up: since when it waits, or until when the upstream asked
    /// to be left alone. Null for a chunk that nobody has begun.
    /// </summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>How often the sweep has sent the chunk's message again since the last claim.</summary>
    public int Wakes { get; init; }

    public LineSet Done { get; init; } = LineSet.Empty;

    public IReadOnlyList<BlockRef> OutputBlocks { get; init; } = [];

    public IReadOnlyList<BlockRef> ErrorBlocks { get; init; } = [];

    public long OutputBytes { get; init; }

    public long ErrorBytes { get; init; }

    public int Completed { get; init; }

    public int Failed { get; init; }

    public TokenUsage Usage { get; init; }

    /// <summary>What is known of lines that were sent and are not done, by the line's index in the chunk.</summary>
    public IReadOnlyDictionary<int, LineLeft> Left { get; init; } = new Dictionary<int, LineLeft>();

    /// <summary>How often the chunk's message ended on the poison queue without a new line between.</summary>
    public int Strikes { get; init; }

    /// <summary>How many lines were done at the last strike.</summary>
    public int StrikeDone { get; init; }

    public ETag ETag { get; init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object>? Unknown { get; private init; }

    /// <summary>Whether the other holds the same lines of the same input.</summary>
    public bool IsCutLike(Chunk other) =>
        (Offset, Length, Lines, LinesBefore) == (other.Offset, other.Length, other.Lines, other.LinesBefore);

    public bool IsHeld(DateTimeOffset now) => Owner is not null && LeaseUntil > now;

    /// <summary>
    /// The chunk held by a new claim until the given time. The epoch goes up, so that a claim before it that still runs
    /// finds its writes refused and shares no block id with this one.
    /// </summary>
    public Chunk Claim(DateTimeOffset leaseUntil) => this with
    {
        Owner = Guid.NewGuid().ToString("N"),
        LeaseUntil = leaseUntil,
        Epoch = Epoch + 1,
        NotBefore = null,
        Wakes = 0,
    };

    /// <summary>The chunk with nothing left to do.</summary>
    public Chunk End() => this with
    {
        Owner = null,
        LeaseUntil = null,
        NotBefore = null,
        Ended = true,
        Left = new Dictionary<int, LineLeft>(),
    };

    /// <summary>
    /// The chunk given up to whoever takes it next, not before the given time. There always is one: by it the sweep finds a
    /// chunk whose message was never sent, as that of a worker that was cut off behind this write.
    /// </summary>
    public Chunk Release(DateTimeOffset notBefore) => this with { Owner = null, LeaseUntil = null, NotBefore = notBefore };

    /// <summary>The chunk with its message on the poison queue for so many times since a line was last done.</summary>
    public Chunk Strike(int strikes) => this with { Strikes = strikes, StrikeDone = Done.Count };

    /// <summary>
    /// Whether nobody works on the chunk though somebody should: its lease has run out, or its wait is over and for the
    /// given time no message has come. That time doubles with each message that was sent again: where the queue is long,
    /// the message is late and not lost, and another lengthens the queue.
    /// </summary>
    public bool IsForsaken(DateTimeOffset now, TimeSpan wakeUpLost) =>
        Owner is null ? NotBefore + (wakeUpLost * Math.Pow(2, Math.Min(Wakes, 10))) < now : !IsHeld(now);

    /// <summary>
    /// The chunk free for all, since whoever had it forsook it; a message for it is due now. The epoch stays: a worker that
    /// was late and not dead may take the chunk back as long as nobody has claimed it, and loses no answer.
    /// </summary>
    public Chunk Wake(DateTimeOffset now) => Release(now) with { Wakes = Wakes + 1 };

    /// <inheritdoc/>
    public Chunk InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown) => this with { ETag = etag, Unknown = unknown };
}

/// <summary>A staged block of a chunk: which claim staged it, and which of the claim's blocks it is.</summary>
internal readonly record struct BlockRef(int Epoch, int Part)
{
    /// <summary>
    /// The block's id in its blob: all of one width, as storage demands of a blob's blocks, and told apart by chunk,
    /// claim and part, so that no block is ever staged over another with other content.
    /// </summary>
    public string IdIn(int chunk) =>
        Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{chunk:D6}-{Epoch:D6}-{Part:D6}")));
}
