using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace BatchFunctions.Configuration;

/// <summary>The OpenAI-compatible service that the lines of a batch are sent to.</summary>
public sealed class UpstreamOptions
{
    internal const string AuthorizationHeader = "Authorization";

    /// <summary>
    /// The root of the upstream's API, as clients take it: <c>http://127.0.0.1:8000/v1</c>, whatever its path. A query
    /// is kept, and an address without a path stands for <c>/v1</c>. A line's <c>/v1/chat/completions</c> goes to
    /// <c>chat/completions</c> below it. The self-host serves an echo upstream where this is not set.
    /// </summary>
    public string? BaseUrl { get; set; }

    /// <summary>
    /// The models that the upstream serves: names, and patterns in which <c>*</c> stands for anything; several in one value with
    /// commas between them, or by number. Where this is not set, it serves every model that no other upstream names.
    /// </summary>
    public IList<string> Models { get; } = [];

    /// <summary>
    /// Names that callers use, each with the name that is sent in its place: <c>Batch__Upstream__Aliases__NAME=MODEL</c>. Where a
    /// setting's name takes none of a model's characters, <c>NAME=MODEL</c> goes into the value: of <c>Batch__Upstream__Aliases</c>
    /// itself, with commas between several, or by number.
    /// </summary>
    public IDictionary<string, string> Aliases { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The key for the upstream, without its scheme; none is sent where this is not set.</summary>
    [RegularExpression("^[\\x21-\\x7E]*$", ErrorMessage = "Batch__Upstream__ApiKey holds a blank, a line break or a character beyond ASCII: write the key alone, without 'Bearer', which is Batch__Upstream__ApiKeyScheme.")]
    public string? ApiKey { get; set; }

    /// <summary>The header that the key is sent in; Azure OpenAI takes <c>api-key</c>, Anthropic <c>x-api-key</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Batch__Upstream__ApiKeyHeader is empty: use Authorization or api-key.")]
    [RegularExpression("^[A-Za-z0-9_-]*$", ErrorMessage = "Batch__Upstream__ApiKeyHeader is no header's name: use Authorization or api-key.")]
    public string ApiKeyHeader { get; set; } = AuthorizationHeader;

    /// <summary>
    /// What stands before the key in its header, for instance <c>Bearer</c>; empty for the key alone. Where this is
    /// not set, it is <c>Bearer</c> in <c>Authorization</c>, and nothing in any other header.
    /// </summary>
    [RegularExpression("^[A-Za-z0-9_-]*$", ErrorMessage = "Batch__Upstream__ApiKeyScheme is one word, such as Bearer, or empty for the key alone.")]
    public string? ApiKeyScheme { get; set; }

    /// <summary>
    /// Headers that each request to the upstream has besides, by name: <c>Batch__Upstream__Headers__NAME=VALUE</c>.
    /// Where a setting's name takes no hyphens, the name goes into the value, and a number in its place:
    /// <c>Batch__Upstream__Headers__0=NAME: VALUE</c>.
    /// </summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>How the service signs in at the upstream without a key; with a key, or with nothing, where this is not set.</summary>
    [EnumDataType(typeof(UpstreamCredential), ErrorMessage = "Batch__Upstream__Credential must be ManagedIdentity, or not set.")]
    public UpstreamCredential? Credential { get; set; }

    /// <summary>What the identity's token is for, which the upstream asks for: by default Azure OpenAI's.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Batch__Upstream__CredentialScope is empty: for Azure OpenAI it is https://cognitiveservices.azure.com/.default.")]
    public string CredentialScope { get; set; } = "https://cognitiveservices.azure.com/.default";

    /// <summary>The client id of a user-assigned identity; the system-assigned one where this is not set.</summary>
    public string? ClientId { get; set; }

    /// <summary>
    /// Whether a trace has a span for each attempt at a line, which is as many spans as a batch has lines. Counts and
    /// times of attempts are in the metrics in any case.
    /// </summary>
    public bool Traced { get; set; }

    /// <summary>
    /// Lines in flight at once, of all processes of the service together: a number, or <c>auto</c>, which finds the smallest number
    /// that gets the most done.
    /// </summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Batch__Upstream__Concurrency is empty: use auto, or a number from 1 to 4096.")]
    [RegularExpression("^(?i:auto|0*([1-9][0-9]{0,2}|[1-3][0-9]{3}|40[0-8][0-9]|409[0-6]))$", ErrorMessage = "Batch__Upstream__Concurrency must be auto, or a number from 1 to 4096.")]
    public string Concurrency { get; set; } = "auto";

    /// <summary>The number of lines in flight where one is set; null where it is found.</summary>
    internal int? FixedConcurrency => int.TryParse(Concurrency, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Requests that the upstream takes in a minute from all processes together, where it is sold so; no limit unless set.</summary>
    [Range(1, 100_000_000, ErrorMessage = "Batch__Upstream__RequestsPerMinute must be from 1 to 100000000.")]
    public int? RequestsPerMinute { get; set; }

    /// <summary>
    /// Tokens that the upstream takes in a minute from all processes together, as its <c>usage</c> counts them, where it is sold
    /// so; no limit unless set.
    /// </summary>
    [Range(1, 2_000_000_000, ErrorMessage = "Batch__Upstream__TokensPerMinute must be from 1 to 2000000000.")]
    public int? TokensPerMinute { get; set; }

    /// <summary>How long one attempt of a line may take, from its first byte sent to its last byte received.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00", ErrorMessage = "Batch__Upstream__Timeout must be from 00:00:00.100 to 1.00:00:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

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
