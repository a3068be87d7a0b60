using Azure;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Storage;

namespace BatchFunctions.Chunks;

/// <summary>
/// Consecutive lines of a batch's input, as stored in the chunk's row: where they are, which of them are done
/// (<see cref="Done"/>) and in which segments their results are, and who works on the rest. Writing the row commits
/// a checkpoint, and its ETag is the fence: a segment that no row names is never part of a file.
/// </summary>
internal sealed record Chunk : IFenced<Chunk>
{
    public required BatchKey Batch { get; init; }

    /// <summary>The chunk's number in its batch, 0-based.</summary>
    public required int Number { get; init; }

    /// <summary>The chunk's range in the input file: the offset of its first byte, and its length in bytes.</summary>
    public required long Offset { get; init; }

    /// <inheritdoc cref="Offset"/>
    public required long Length { get; init; }

    /// <summary>Lines in the chunk, not counting blank ones.</summary>
    public required int Lines { get; init; }

    /// <summary>
    /// Lines of the batch before this chunk, not counting blank ones; the ids of output lines are numbered from it.
    /// </summary>
    public required int LinesBefore { get; init; }

    public bool Ended { get; init; }

    /// <summary>
    /// Whether the chunk ended because its input could no longer be read: lines that are not <see cref="Done"/> are in
    /// neither file, since nobody knows their <c>custom_id</c> any more.
    /// </summary>
    public bool InputLost { get; init; }

    /// <summary>How often the chunk has been claimed. The names of segments contain it, so that no two claims share one.</summary>
    public int Epoch { get; init; }

    /// <summary>The claim that holds the chunk; null when it is idle.</summary>
    public string? Owner { get; init; }

    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>
    /// The earliest time at which a chunk that was begun and is idle should be claimed again: when it was given up, or
    /// when the wait that the upstream asked for is over. Null before the first claim, while it is claimed, and once it
    /// has ended.
    /// </summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When the row was last written, by storage's clock.</summary>
    public DateTimeOffset WrittenAt { get; init; }

    /// <summary>How often the sweep has sent the chunk's message again since the last claim.</summary>
    public int Wakes { get; init; }

    public LineSet Done { get; init; } = LineSet.Empty;

    /// <summary>The chunk's results, checkpoint by checkpoint: their order is that of the commits.</summary>
    public IReadOnlyList<ResultSegment> Segments { get; init; } = [];

    /// <summary>
    /// Epochs that may have left a segment which no row names: those of claims that have not given the chunk up themselves. What
    /// they left is discarded when the batch is cleared away.
    /// </summary>
    public IReadOnlyList<int> Loose { get; init; } = [];

    /// <summary>Results that a version before 0.2 staged as blocks of the batch's two blobs.</summary>
    public StagedResults Staged { get; init; } = StagedResults.None;

    public int Completed { get; init; }

    public int Failed { get; init; }

    public TokenUsage Usage { get; init; }

    /// <summary>Those that failed, by kind.</summary>
    public FailureKinds Failures { get; init; } = FailureKinds.None;

    /// <summary>What is known of lines that were sent and are not done, by the line's index in the chunk.</summary>
    public IReadOnlyDictionary<int, LineLeft> Left { get; init; } = new Dictionary<int, LineLeft>();

    /// <summary>Strikes that end a chunk.</summary>
    public const int MostStrikes = 3;

    /// <summary>
    /// How far apart strikes are that count: messages of one chunk that were poisoned by one trouble come together.
    /// </summary>
    public static readonly TimeSpan StrikesApart = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How often the chunk's message has ended on the poison queue with no new line in between, each time after another claim.
    /// </summary>
    public int Strikes { get; init; }

    /// <summary>The number of lines done at the last strike.</summary>
    public int StrikeDone { get; init; }

    /// <summary>The epoch at the last strike; null where there was none, or an earlier version counted it.</summary>
    public int? StrikeEpoch { get; init; }

    /// <summary>When the last strike was counted; null likewise.</summary>
    public DateTimeOffset? StruckAt { get; init; }

    /// <summary>
    /// Why the chunk's row cannot be read, if it cannot: then nobody works on the chunk, and its row is left as it is, so
    /// that it can be mended.
    /// </summary>
    public string? Unreadable { get; init; }

    public ETag ETag { get; init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object>? Unknown { get; private init; }

    /// <summary>Whether the other chunk covers the same lines of its input.</summary>
    public bool IsCutLike(Chunk other) =>
        (Offset, Length, Lines, LinesBefore) == (other.Offset, other.Length, other.Lines, other.LinesBefore);

    /// <summary>Whether the chunk has failed so often that no line of it is sent any more: it is only closed.</summary>
    public bool IsStruckOut => Strikes >= MostStrikes && Done.Count <= StrikeDone;

    /// <summary>
    /// Whether a message on the poison queue is a strike: somebody has claimed the chunk since the last one, so that its lines had
    /// a chance, and that was not just now.
    /// </summary>
    public bool IsStrikeDue(DateTimeOffset now) => !(Epoch <= StrikeEpoch) && !(now - StruckAt < StrikesApart);

    /// <summary>Whether a worker holds the chunk: its lease lasts, and its process is not known to be dead.</summary>
    public bool IsHeld(DateTimeOffset now) => Owner is not null && LeaseUntil > now && !WorkerIdentity.Own.KnowsDead(Owner);

    /// <summary>
    /// The chunk held by a new claim until the given time. The epoch goes up, so that an earlier claim that is still
    /// running finds its writes refused and shares no segment with this one.
    /// </summary>
    public Chunk Claim(DateTimeOffset leaseUntil) => this with
    {
        Owner = WorkerIdentity.Own.NewClaim(),
        LeaseUntil = leaseUntil,
        Epoch = Epoch + 1,
        Loose = [.. LooseWithHolder, Epoch + 1],
        NotBefore = null,
        Wakes = 0,
    };

    /// <summary>
    /// The chunk claimed before it is inserted. Its epoch is not loose until another takes the chunk over: a row that storage inserts when its
    /// batch has been cleared away would otherwise name as left over what is published.
    /// </summary>
    public Chunk ClaimNew(DateTimeOffset leaseUntil) => Claim(leaseUntil) with { Loose = [] };

    /// <summary>The chunk ended, with nothing left to do.</summary>
    public Chunk End() => this with
    {
        Owner = null,
        LeaseUntil = null,
        NotBefore = null,
        Ended = true,
        Loose = WithoutOwn(Loose),
        Left = new Dictionary<int, LineLeft>(),
    };

    /// <summary>
    /// The chunk ended whoever holds it, with what is known of it: the epoch goes up, so that a claim that is still running
    /// finds its writes refused.
    /// </summary>
    public Chunk EndByForce() => (this with { Epoch = Epoch + 1, Loose = LooseWithHolder }).EndWithoutInput();

    /// <summary>The chunk ended with what is known of it, since its input can no longer be read.</summary>
    public Chunk EndWithoutInput() => End() with { InputLost = true };

    /// <summary>
    /// The chunk given up to whoever claims it next, not before the given time. The time is always set: by it the sweep
    /// finds a chunk whose message was never sent, for instance because the worker crashed after this write.
    /// </summary>
    public Chunk Release(DateTimeOffset notBefore) =>
        this with { Owner = null, LeaseUntil = null, NotBefore = notBefore, Loose = WithoutOwn(Loose) };

    /// <summary>
    /// The chunk given up by a worker that is being shut down: whether a message for it will still be sent is not certain, so the
    /// next sweep sends one.
    /// </summary>
    /// <param name="notBefore">From when on it may be claimed.</param>
    /// <param name="wakeUpLost">After which time a message is taken for lost.</param>
    public Chunk Forsake(DateTimeOffset notBefore, TimeSpan wakeUpLost) =>
        Release(notBefore - wakeUpLost - TimeSpan.FromTicks(1));

    /// <summary>
    /// The chunk with its strikes: how often its message has ended on the poison queue since a line was last done.
    /// </summary>
    public Chunk Strike(int strikes, DateTimeOffset now) =>
        this with { Strikes = strikes, StrikeDone = Done.Count, StrikeEpoch = Epoch, StruckAt = now };

    /// <summary>
    /// Whether nobody works on the chunk although somebody should: its lease has expired, or its wait is over and no
    /// message has come for the given time. That time doubles with each message that was sent again: behind a long
    /// queue a message is late rather than lost, and each copy makes the queue longer.
    /// </summary>
    public bool IsForsaken(DateTimeOffset now, TimeSpan wakeUpLost) =>
        Owner is null ? ForsakenAt(wakeUpLost) < now : !IsHeld(now);

    /// <summary>From when on a chunk that was begun and is idle counts as forsaken; null where nobody has begun it.</summary>
    public DateTimeOffset? ForsakenAt(TimeSpan wakeUpLost) => NotBefore + (wakeUpLost * Math.Pow(2, Math.Min(Wakes, 10)));

    /// <summary>
    /// The chunk released because it was forsaken; a message for it is due now. The epoch stays: a worker that was late
    /// rather than dead can take the chunk back, losing no answer, as long as nobody else has claimed it.
    /// </summary>
    public Chunk Wake(DateTimeOffset now) => this with
    {
        Owner = null,
        LeaseUntil = null,
        NotBefore = now,
        Wakes = Wakes + 1,
        Loose = LooseWithHolder,
    };

    /// <inheritdoc/>
    public Chunk InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown) => this with { ETag = etag, Unknown = unknown };

    /// <summary>The loose epochs, that of the claim which holds the chunk among them.</summary>
    private IReadOnlyList<int> LooseWithHolder => Owner is null || Loose.Contains(Epoch) ? Loose : [.. Loose, Epoch];

    private List<int> WithoutOwn(IReadOnlyList<int> epochs) => [.. epochs.Where(epoch => epoch != Epoch)];
}
