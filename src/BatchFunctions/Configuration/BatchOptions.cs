using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Configuration;

/// <summary>
/// Everything that can be set about the service, bound from the section <see cref="Section"/> and checked when the
/// host starts. Every setting has a default that works, but for the upstream's address.
/// </summary>
public sealed class BatchOptions
{
    /// <summary>The configuration section that the settings are bound from.</summary>
    public const string Section = "Batch";

    /// <summary>Lines in a chunk, at most: its row keeps one bit a line, and the attempts of those that are not done.</summary>
    public const int LongestChunk = 1000;

    /// <summary>
    /// Whether the service makes its tables, queues and containers when it starts. Off where a template makes them:
    /// it costs a request for each of them at every cold start.
    /// </summary>
    public bool CreateStorage { get; set; } = true;

    /// <summary>The endpoints that a batch may name; OpenAI's list by default. Each begins with <c>/v1/</c>.</summary>
    public string[] Endpoints { get; set; } = [];

    /// <summary>
    /// Lines in a chunk of a batch that is not large, at most. A chunk ends with this or with <see cref="ChunkBytes"/>,
    /// whichever comes first.
    /// </summary>
    [Range(1, LongestChunk, ErrorMessage = "Batch__ChunkLines must be from 1 to 1000: a chunk's row keeps one bit per line and the attempts of unfinished ones.")]
    public int ChunkLines { get; set; } = 100;

    /// <summary>Bytes of input in a chunk, at most; a longer line is a chunk of its own.</summary>
    [Range(1, 256 * 1024 * 1024, ErrorMessage = "Batch__ChunkBytes must be from 1 to 268435456 (256 MiB).")]
    public int ChunkBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// Chunks of a batch, about: those of a larger batch are longer, up to 1,000 lines or <see cref="ChunkBytes"/>. So many
    /// workers, or half as many, share it; a chunk costs a dozen requests to storage, however long it is.
    /// </summary>
    [Range(1, 50_000, ErrorMessage = "Batch__ChunkTarget must be from 1 to 50000.")]
    public int ChunkTarget { get; set; } = 128;

    /// <summary>Lines in a batch, at most: OpenAI's limit, and a blob's limit of 50,000 blocks.</summary>
    [Range(1, 50_000, ErrorMessage = "Batch__MaxLines must be from 1 to 50000: an output blob holds 50,000 blocks.")]
    public int MaxLines { get; set; } = 50_000;

    /// <summary>Bytes in a batch's input file, at most. OpenAI's limit is 200 MB.</summary>
    [Range(1, 2_000_000_000, ErrorMessage = "Batch__MaxInputBytes must be from 1 to 2000000000.")]
    public long MaxInputBytes { get; set; } = 200 * 1024 * 1024;

    /// <summary>Bytes in one line of the input, at most; a line is held in memory while it is sent.</summary>
    [Range(1024, 128 * 1024 * 1024, ErrorMessage = "Batch__MaxLineBytes must be from 1024 to 134217728 (128 MiB).")]
    public int MaxLineBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Bytes in an uploaded file, at most. OpenAI's limit is 512 MB.</summary>
    [Range(1, 200L * 1024 * 1024 * 1024, ErrorMessage = "Batch__MaxFileBytes must be from 1 to 214748364800 (200 GiB).")]
    public long MaxFileBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>The time from a batch's creation to its deadline. OpenAI's one completion window is 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00", ErrorMessage = "Batch__CompletionWindow must be from 00:00:01 to 7.00:00:00: uncommitted blocks live for seven days.")]
    public TimeSpan CompletionWindow { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a claimed chunk is its worker's before another may take it, unless the claim is renewed.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Batch__Lease must be from 00:00:01 to 01:00:00.")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often a running chunk commits the lines that have been answered since the last time.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00", ErrorMessage = "Batch__Checkpoint must be from 00:00:00.050 to 00:10:00.")]
    public TimeSpan Checkpoint { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How old a batch's status may be for the workers of one process that watch for a cancel or a deadline.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00", ErrorMessage = "Batch__StatusPoll must be from 00:00:00.050 to 00:01:00.")]
    public TimeSpan StatusPoll { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long one run of a chunk goes on sending lines before it hands over to a new message; at most half of the
    /// host's <c>functionTimeout</c>. Calls in flight may then take up to <see cref="UpstreamOptions.Timeout"/> more.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Batch__RunLimit must be from 00:00:01 to 1.00:00:00.")]
    public TimeSpan RunLimit { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long an asked-for advance waits for others to join it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00", ErrorMessage = "Batch__AdvanceDelay must be from 00:00:00 to 00:05:00.")]
    public TimeSpan AdvanceDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the sweep runs while a batch is active.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00", ErrorMessage = "Batch__SweepInterval must be from 00:00:00.100 to 01:00:00.")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How old a wake-up's row may be before its message is taken for lost and sent again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00", ErrorMessage = "Batch__WakeUpLost must be from 00:00:00.100 to 01:00:00.")]
    public TimeSpan WakeUpLost { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a batch may show no progress before the sweep sends the messages of its unclaimed chunks again. The
    /// gap doubles each time: a long queue is no lost message.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00", ErrorMessage = "Batch__ProgressLost must be from 00:00:00.100 to 1.00:00:00.")]
    public TimeSpan ProgressLost { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How old an <c>activebatches</c> row without a batch must be before the sweep removes it.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "1.00:00:00", ErrorMessage = "Batch__CreateLost must be from 00:00:02 to 1.00:00:00.")]
    public TimeSpan CreateLost { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long past its deadline a batch that cannot close is kept before it is failed, as the last resort.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "2.00:00:00", ErrorMessage = "Batch__LastResort must be from 00:00:01 to 2.00:00:00.")]
    public TimeSpan LastResort { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Where the lines go.</summary>
    [Required]
    public UpstreamOptions Upstream { get; set; } = new();
}
