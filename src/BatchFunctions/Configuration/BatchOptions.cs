using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Configuration;

/// <summary>
/// All settings of the service, bound from the section <see cref="Section"/> and checked when the host starts. Every
/// setting except the upstream's address has a default.
/// </summary>
public sealed class BatchOptions
{
    /// <summary>The configuration section that the settings are bound from.</summary>
    public const string Section = "Batch";

    /// <summary>The most characters of an endpoint.</summary>
    internal const int LongestEndpoint = 256;

    /// <summary>From how many lines or bytes of an input on <see cref="LeastChunkBytes"/> holds.</summary>
    private const int ManyLines = 50_000;

    /// <inheritdoc cref="ManyLines"/>
    private const long ManyBytes = 2_000_000_000;

    /// <summary>OpenAI's largest input, in bytes.</summary>
    internal const long UsualInputBytes = 200 * 1024 * 1024;

    /// <summary>
    /// The least <see cref="ChunkBytes"/> where inputs may be larger than OpenAI's: a batch should not have hundreds of thousands of chunks.
    /// </summary>
    internal const int LeastChunkBytes = 256 * 1024;

    /// <summary>
    /// The most lines that a chunk may have: its row keeps one bit for each line, and the attempts of unfinished ones.
    /// </summary>
    public const int LongestChunk = 1000;

    /// <summary>
    /// Whether the service creates its tables, queues and containers at startup. Off where a template creates them: it
    /// costs one request for each of them at every cold start.
    /// </summary>
    public bool CreateStorage { get; set; } = true;

    /// <summary>The endpoints that a batch may name; OpenAI's list unless set. Each begins with <c>/v1/</c>.</summary>
    public string[] Endpoints { get; set; } = [];

    /// <summary>
    /// The most lines in a chunk, unless the batch is large (see <see cref="ChunkTarget"/>). A chunk ends with this or
    /// with <see cref="ChunkBytes"/>, whichever comes first.
    /// </summary>
    [Range(1, LongestChunk, ErrorMessage = "Batch__ChunkLines must be from 1 to 1000: a chunk's row keeps one bit per line and the attempts of unfinished ones.")]
    public int ChunkLines { get; set; } = 100;

    /// <summary>The most bytes of input in a chunk; a longer line is a chunk of its own.</summary>
    [Range(1, 256 * 1024 * 1024, ErrorMessage = "Batch__ChunkBytes must be from 1 to 268435456 (256 MiB).")]
    public int ChunkBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// The approximate number of chunks of a large batch: they get longer, up to 1,000 lines or
    /// <see cref="ChunkBytes"/>, to keep to it. About that many workers, or half as many, can share a batch; each chunk
    /// costs a dozen storage requests.
    /// </summary>
    [Range(1, 50_000, ErrorMessage = "Batch__ChunkTarget must be from 1 to 50000.")]
    public int ChunkTarget { get; set; } = 128;

    /// <summary>
    /// Chunks with a message, of all batches together, approximately: a batch that begins takes its part of them among those
    /// that have not ended, two at least. More where it takes more to keep <see cref="UpstreamOptions.Concurrency"/> lines in
    /// flight. A process takes up about four times as many at once (<c>newBatchThreshold</c>), so that a new batch finds room.
    /// </summary>
    [Range(1, 10_000, ErrorMessage = "Batch__ChunkWindow must be from 1 to 10000.")]
    public int ChunkWindow { get; set; } = 20;

    /// <summary>
    /// The most lines in a batch: 50,000 is OpenAI's limit.
    /// </summary>
    [Range(1, 1_000_000, ErrorMessage = "Batch__MaxLines must be from 1 to 1000000.")]
    public int MaxLines { get; set; } = 50_000;

    /// <summary>The largest input file of a batch, in bytes. OpenAI's limit is 200 MB.</summary>
    [Range(1, 10L * 1024 * 1024 * 1024, ErrorMessage = "Batch__MaxInputBytes must be from 1 to 10737418240 (10 GiB).")]
    public long MaxInputBytes { get; set; } = UsualInputBytes;

    /// <summary>The longest line of an input, in bytes; a line is held in memory while it is sent.</summary>
    [Range(1024, 128 * 1024 * 1024, ErrorMessage = "Batch__MaxLineBytes must be from 1024 to 134217728 (128 MiB).")]
    public int MaxLineBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// What the process may hold of requests, answers, results and uploads at once, in bytes: what would be more waits. Where this
    /// is not set, it is two fifths of the memory that is there for the process, from 16 MiB to 192 MiB. One line or upload at a
    /// time may go beyond it.
    /// </summary>
    [Range(1024 * 1024, 1L << 40, ErrorMessage = "Batch__MemoryBytes must be from 1048576 (1 MiB) to 1099511627776 (1 TiB).")]
    public long? MemoryBytes { get; set; }

    /// <summary>The largest file that may be uploaded, in bytes. OpenAI's limit is 512 MB.</summary>
    [Range(1, 200L * 1024 * 1024 * 1024, ErrorMessage = "Batch__MaxFileBytes must be from 1 to 214748364800 (200 GiB).")]
    public long MaxFileBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>The most uploads in parts that a project may have open at a time.</summary>
    [Range(1, 100_000, ErrorMessage = "Batch__MaxOpenUploads must be from 1 to 100000.")]
    public int MaxOpenUploads { get; set; } = 100;

    /// <summary>
    /// The most bytes that a project's files may have; beyond it no file is taken. Results of batches are never refused,
    /// but count. It is exact to about a minute.
    /// </summary>
    [Range(1, long.MaxValue, ErrorMessage = "Batch__MaxStoredBytes must be at least 1.")]
    public long MaxStoredBytes { get; set; } = 100L * 1024 * 1024 * 1024;

    /// <summary>
    /// How long the result files of a batch live whose creator names no <c>output_expires_after</c>, from an hour to thirty days; null
    /// for ever. What a batch is made with stays.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "30.00:00:00", ErrorMessage = "Batch__OutputExpiresAfter must be from 01:00:00 (an hour) to 30.00:00:00 (thirty days), or not set.")]
    public TimeSpan? OutputExpiresAfter { get; set; }

    /// <summary>
    /// The completion windows that a batch may name, <c>24h</c> among them: a list of windows and ranges, such as <c>1h,24h,2d-7d</c>.
    /// </summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Batch__CompletionWindows is empty: name windows and ranges from 10m to 7d, for instance 1h,24h,2d-7d.")]
    public string CompletionWindows { get; set; } = "10m-7d";

    /// <summary>The windows of <see cref="CompletionWindows"/>.</summary>
    internal CompletionWindows Windows => Configuration.CompletionWindows.Parse(CompletionWindows)
        ?? throw new InvalidOperationException("Batch__CompletionWindows was not checked.");

    /// <summary>
    /// The time from a batch's creation to its deadline, where its completion window is <c>24h</c>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00", ErrorMessage = "Batch__CompletionWindow must be from 00:00:01 to 7.00:00:00.")]
    public TimeSpan CompletionWindow { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How long a claim holds a chunk unless it is renewed; after that another worker may take the chunk.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Batch__Lease must be from 00:00:01 to 01:00:00.")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a running chunk commits the lines answered since the last checkpoint.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00", ErrorMessage = "Batch__Checkpoint must be from 00:00:00.050 to 00:10:00.")]
    public TimeSpan Checkpoint { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The greatest age of a batch's status as the workers of one process see it; they watch it for a cancel or the
    /// deadline.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00", ErrorMessage = "Batch__StatusPoll must be from 00:00:00.050 to 00:01:00.")]
    public TimeSpan StatusPoll { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long one run of a chunk keeps sending lines before it hands over to a new message. Calls in flight may then take up to
    /// <see cref="UpstreamOptions.Timeout"/> more, and both together must end half a minute before the host's <c>functionTimeout</c>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Batch__RunLimit must be from 00:00:01 to 1.00:00:00.")]
    public TimeSpan RunLimit { get; set; } = TimeSpan.FromMinutes(4);

    /// <summary>How long an advance waits after it has been asked for, so that further requests can join it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00", ErrorMessage = "Batch__AdvanceDelay must be from 00:00:00 to 00:05:00.")]
    public TimeSpan AdvanceDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How often the sweep runs while a batch is active, at least; it also runs when the first lease that it saw would run out.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00", ErrorMessage = "Batch__SweepInterval must be from 00:00:00.100 to 01:00:00.")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How old a wake-up's row may be before its message counts as lost and is sent again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00", ErrorMessage = "Batch__WakeUpLost must be from 00:00:00.100 to 01:00:00.")]
    public TimeSpan WakeUpLost { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a batch may go without progress before the sweep sends the messages of its unclaimed chunks again. The
    /// interval doubles each time: a long queue is not a lost message.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00", ErrorMessage = "Batch__ProgressLost must be from 00:00:00.100 to 1.00:00:00.")]
    public TimeSpan ProgressLost { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How old an <c>activebatches</c> row without a batch must be before the sweep removes it.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "1.00:00:00", ErrorMessage = "Batch__CreateLost must be from 00:00:02 to 1.00:00:00.")]
    public TimeSpan CreateLost { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long after its last writing a sweep's hold of the pending row counts for nothing.</summary>
    public TimeSpan SweepLapse => SweepInterval + WakeUpLost;

    /// <summary>
    /// How long a batch past its deadline is tried to be closed, from the first sweep that finds it so, before it is failed as a last resort.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "2.00:00:00", ErrorMessage = "Batch__LastResort must be from 00:00:01 to 2.00:00:00.")]
    public TimeSpan LastResort { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How many segments of a result file make a page, which moves out of the file's row: some forty kilobytes of them. Not a
    /// setting; tests make it small.
    /// </summary>
    internal int SegmentsOfPage { get; set; } = 4096;

    /// <summary>The most segments of a file whose content the request removes that deletes it. Not a setting either.</summary>
    internal int SegmentsDeletedAtOnce { get; set; } = 500;

    /// <summary>The most blobs that a sweep removes of one file: a second's worth or a few. Not a setting either.</summary>
    internal int BlobsDeletedInOneGo { get; set; } = 2000;

    /// <summary>From how many batches at rest on sweeps may be quiet: more than a page of their rows is not read each time. Not a setting either.</summary>
    internal int RestingForQuiet { get; set; } = 1000;

    /// <summary>Whether inputs may be so large that <see cref="LeastChunkBytes"/> holds.</summary>
    internal bool TakesLargeInputs => MaxLines > ManyLines || MaxInputBytes > ManyBytes;

    /// <summary>The upstream that the lines are sent to, where there is one; beside <see cref="Upstreams"/> it is named <c>default</c>.</summary>
    [Required]
    public UpstreamOptions Upstream { get; set; } = new();

    /// <summary>Several upstreams, by name: <c>Batch__Upstreams__NAME__BaseUrl</c>, with all that <see cref="Upstream"/> has.</summary>
    public IDictionary<string, UpstreamOptions> Upstreams { get; } = new Dictionary<string, UpstreamOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>All upstreams, the one without a name first where it is set or the only one, then by name.</summary>
    internal IReadOnlyList<UpstreamSettings> AllUpstreams =>
    [
        .. Upstreams.Count == 0 || !string.IsNullOrEmpty(Upstream.BaseUrl) ? [UpstreamSettings.OfDefault(Upstream)] : Enumerable.Empty<UpstreamSettings>(),
        .. Upstreams.Select(static pair => UpstreamSettings.Of(pair.Key, pair.Value)).OrderBy(static upstream => upstream.Name, StringComparer.Ordinal),
    ];

    /// <summary>The longest that an attempt may take at one of them.</summary>
    internal TimeSpan LongestTimeout => AllUpstreams.Max(static upstream => upstream.Options.Timeout);

    /// <summary>What a project may have waiting.</summary>
    [Required]
    public QuotaOptions Quota { get; set; } = new();

    /// <summary>Where events of batches may be sent.</summary>
    [Required]
    public WebhookOptions Webhooks { get; set; } = new();

    /// <summary>Sign-in with tokens beside keys; off unless set.</summary>
    [Required]
    public SignInOptions SignIn { get; set; } = new();
}
