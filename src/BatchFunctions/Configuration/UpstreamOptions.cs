using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Configuration;

/// <summary>The OpenAI-compatible service that the lines of a batch are sent to.</summary>
public sealed class UpstreamOptions
{
    /// <summary>
    /// The upstream's address, with or without <c>/v1</c> at its end, for instance <c>http://127.0.0.1:8000/v1</c>.
    /// The self-host serves an echo upstream where this is not set.
    /// </summary>
    public string? BaseUrl { get; set; }

    /// <summary>The bearer key for the upstream; none is sent where this is not set.</summary>
    [RegularExpression("^[\\x21-\\x7E]*$", ErrorMessage = "Batch__Upstream__ApiKey holds a blank, a line break or a character beyond ASCII: write the key alone, without 'Bearer'.")]
    public string? ApiKey { get; set; }

    /// <summary>
    /// The header that the key is sent in: <c>Authorization</c> (as a bearer key) by default; Azure OpenAI's
    /// <c>api-key</c> is sent as it is.
    /// </summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Batch__Upstream__ApiKeyHeader is empty: use Authorization or api-key.")]
    [RegularExpression("^[A-Za-z0-9_-]*$", ErrorMessage = "Batch__Upstream__ApiKeyHeader is no header's name: use Authorization or api-key.")]
    public string ApiKeyHeader { get; set; } = "Authorization";

    /// <summary>
    /// Whether a trace has a span for each attempt at a line, which is as many spans as a batch has lines. Counts and
    /// times of attempts are in the metrics in any case.
    /// </summary>
    public bool Traced { get; set; }

    /// <summary>Lines in flight at once, for each process of the service.</summary>
    [Range(1, 4096, ErrorMessage = "Batch__Upstream__Concurrency must be from 1 to 4096.")]
    public int Concurrency { get; set; } = 64;

    /// <summary>How long one attempt of a line may take, from its first byte sent to its last byte received.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00", ErrorMessage = "Batch__Upstream__Timeout must be from 00:00:00.100 to 1.00:00:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Attempts that a line has at most where it is doubtful whose fault it is. What is the upstream's fault is charged to no
    /// line.
    /// </summary>
    [Range(1, 100, ErrorMessage = "Batch__Upstream__MaxAttempts must be from 1 to 100.")]
    public int MaxAttempts { get; set; } = 5;

    /// <summary>The wait before a line's second attempt; it doubles from one attempt to the next, with jitter.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:05:00", ErrorMessage = "Batch__Upstream__RetryDelay must be from 00:00:00.001 to 00:05:00.")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest wait that a line sits through in memory. For a longer one (a <c>Retry-After</c>, an upstream that is
    /// down) it waits in storage.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:02:00", ErrorMessage = "Batch__Upstream__LongestWait must be from 00:00:00.010 to 00:02:00.")]
    public TimeSpan LongestWait { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Bytes of an answer, at most, after decompression; a larger one ends the line with <c>response_too_large</c>.</summary>
    [Range(1024, 256 * 1024 * 1024, ErrorMessage = "Batch__Upstream__MaxResponseBytes must be from 1024 to 268435456 (256 MiB).")]
    public int MaxResponseBytes { get; set; } = 32 * 1024 * 1024;
}
