using System.Text.Json;
using System.Text.Json.Serialization;
using BatchFunctions.Batches;
using BatchFunctions.Lines;

namespace BatchFunctions.Processing;

/// <summary>
/// How a batch with staged results ends, as versions before 0.2 decide it: written once, under <c>If-None-Match: *</c>. Two versions
/// that finish the batch side by side make the same files of it.
/// </summary>
internal sealed record StagedManifest
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

    public static StagedManifest FromJson(BinaryData json) =>
        JsonSerializer.Deserialize(json.ToMemory().Span, StagedManifestJson.Default.StagedManifest)
        ?? throw new FormatException("The manifest is empty.");

    public BinaryData ToJson() => new(JsonSerializer.SerializeToUtf8Bytes(this, StagedManifestJson.Default.StagedManifest));
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(StagedManifest))]
internal sealed partial class StagedManifestJson : JsonSerializerContext;
