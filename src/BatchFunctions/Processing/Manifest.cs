using System.Text.Json;
using System.Text.Json.Serialization;
using BatchFunctions.Batches;
using BatchFunctions.Lines;

namespace BatchFunctions.Processing;

/// <summary>
/// How a batch ends. The manifest is written once, under <c>If-None-Match: *</c>, and is the point of decision: whoever
/// comes second follows the existing one, down to file ids and timestamps.
/// </summary>
internal sealed record Manifest
{
    public int Version { get; init; } = 1;

    public required BatchStatus Outcome { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>Null if the file would have no lines; then there is no file.</summary>
    public string? OutputFileId { get; init; }

    /// <inheritdoc cref="OutputFileId"/>
    public string? ErrorFileId { get; init; }

    public long OutputBytes { get; init; }

    public long ErrorBytes { get; init; }

    /// <summary>Block ids in the order of the chunks.</summary>
    public IReadOnlyList<string> OutputBlocks { get; init; } = [];

    /// <inheritdoc cref="OutputBlocks"/>
    public IReadOnlyList<string> ErrorBlocks { get; init; } = [];

    public required RequestCounts Counts { get; init; }

    public required TokenUsage Usage { get; init; }

    /// <summary>How the batch ends, by this manifest.</summary>
    [JsonIgnore]
    public BatchEnd End => new(Outcome, FinishedAt, OutputFileId, ErrorFileId, Counts, Usage);

    public static Manifest FromJson(BinaryData json) =>
        JsonSerializer.Deserialize(json.ToMemory().Span, ManifestJson.Default.Manifest)
        ?? throw new FormatException("The manifest is empty.");

    public BinaryData ToJson() => new(JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.Manifest));
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
