using System.Text.Json;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Storage;

namespace BatchFunctions.Batches;

/// <summary>Maps a batch to its table row and back.</summary>
internal static class BatchRow
{
    public static (string PartitionKey, string RowKey) KeysOf(BatchKey key) => (key.Tenant, IdKind.Batch.RowKeyOf(key.Id));

    public static TableEntity ToRow(Batch batch)
    {
        var (partitionKey, rowKey) = KeysOf(batch.Key);
        return new TableEntity(partitionKey, rowKey)
        {
            ["Status"] = batch.Status.Wire(),
            ["Endpoint"] = batch.Endpoint,
            ["InputFileId"] = batch.InputFileId,
            ["CompletionWindow"] = batch.CompletionWindow,
            ["ExpiresAt"] = batch.ExpiresAt,
            ["Total"] = batch.Counts.Total,
            ["Completed"] = batch.Counts.Completed,
            ["Failed"] = batch.Counts.Failed,
            ["InputTokens"] = batch.Usage.Input,
            ["CachedTokens"] = batch.Usage.CachedInput,
            ["OutputTokens"] = batch.Usage.Output,
            ["ReasoningTokens"] = batch.Usage.ReasoningOutput,
            ["ChunkLines"] = batch.ChunkLines,
            ["ChunkBytes"] = batch.ChunkBytes,
            ["ChunkTarget"] = batch.ChunkTarget,
            ["InputBytes"] = batch.InputBytes,
            ["InputContainer"] = batch.InputBlob.Container,
            ["InputBlob"] = batch.InputBlob.Name,
            ["Resends"] = batch.Resends,
            ["Strikes"] = batch.Strikes,
            ["StruckAt"] = batch.StruckAt,
            ["Model"] = batch.Model,
            ["OutputFileId"] = batch.OutputFileId,
            ["ErrorFileId"] = batch.ErrorFileId,
            ["OutputSegments"] = batch.OutputSegments is > 0 and var output ? output : null,
            ["ErrorSegments"] = batch.ErrorSegments is > 0 and var error ? error : null,
            ["InProgressAt"] = batch.InProgressAt,
            ["FinalizingAt"] = batch.FinalizingAt,
            ["CompletedAt"] = batch.CompletedAt,
            ["FailedAt"] = batch.FailedAt,
            ["ExpiredAt"] = batch.ExpiredAt,
            ["CancellingAt"] = batch.CancellingAt,
            ["CancelledAt"] = batch.CancelledAt,
            ["OutputExpiresAfter"] = batch.OutputExpiresAfter,
            ["ChunkCount"] = batch.ChunkCount,
            ["ChunkWindow"] = batch.ChunkWindow,
            ["Settled"] = batch.Settled.ToBytes(),
            ["Outcome"] = batch.Outcome?.Wire(),
            ["ProgressAt"] = batch.ProgressAt,
            ["UnreadableSince"] = batch.UnreadableSince,
            ["History"] = ProgressHistoryBytes.Write(batch.History),
            ["SentAgainAt"] = batch.SentAgainAt,
            ["TraceParent"] = batch.TraceParent,
            ["WebhookUrl"] = batch.Webhook?.Url,
            ["WebhookSecret"] = batch.Webhook?.Secret,
            ["RetryOf"] = batch.RetryOf,
            ["RetryAbove"] = batch.Above != batch.RetryOf ? batch.Above : null,
            ["RetryOnly"] = Joined(batch.RetryOnly),
            ["Retries"] = Joined(batch.Retries),
            ["FailureKinds"] = batch.Failures.ToBytes(),
            ["Deleted"] = batch.Deleted ? true : null,
            ["Metadata"] = batch.Metadata is null ? null : MetadataJson.Write(batch.Metadata),
            ["Errors"] = batch.Errors.Count == 0 ? null : BatchErrorsJson.Write(batch.Errors),
        };
    }

    /// <summary>What stands for a row that cannot be read: a failed batch, which says so.</summary>
    public static Batch Unreadable(TableEntity row, Exception e)
    {
        var id = IdKind.Batch.IdOf(row.RowKey);
        var createdAt = IdKind.Batch.CreatedAt(id);
        return new Batch(BatchStatus.Failed)
        {
            Tenant = row.PartitionKey,
            Id = id,
            Endpoint = TextOf(row, "Endpoint"),
            InputFileId = TextOf(row, "InputFileId"),
            CompletionWindow = TextOf(row, "CompletionWindow"),
            CreatedAt = createdAt,
            ExpiresAt = row.TryGetValue("ExpiresAt", out var expiry) && expiry is DateTimeOffset expiresAt ? expiresAt : createdAt,
            ChunkLines = 1,
            ChunkBytes = 1,
            ChunkTarget = 1,
            InputBlob = new BlobLocation(TextOf(row, "InputContainer"), TextOf(row, "InputBlob")),
            Errors = [BatchFailures.RowUnreadable],
            Unreadable = e.Message,
        };
    }

    public static Batch FromRow(TableEntity row)
    {
        var id = IdKind.Batch.IdOf(row.RowKey);
        return new Batch(BatchStatusNames.Parse(row.GetString("Status")))
        {
            Tenant = row.PartitionKey,
            Id = id,
            Endpoint = row.GetString("Endpoint"),
            InputFileId = row.GetString("InputFileId"),
            CompletionWindow = row.GetString("CompletionWindow"),
            CreatedAt = IdKind.Batch.CreatedAt(id),
            ExpiresAt = row.GetDateTimeOffset("ExpiresAt")!.Value,
            Model = row.GetString("Model"),
            Errors = row.GetBinary("Errors") is { } errors ? BatchErrorsJson.Read(errors) : [],
            OutputFileId = row.GetString("OutputFileId"),
            ErrorFileId = row.GetString("ErrorFileId"),
            OutputSegments = row.GetInt32("OutputSegments") ?? 0,
            ErrorSegments = row.GetInt32("ErrorSegments") ?? 0,
            InProgressAt = row.GetDateTimeOffset("InProgressAt"),
            FinalizingAt = row.GetDateTimeOffset("FinalizingAt"),
            CompletedAt = row.GetDateTimeOffset("CompletedAt"),
            FailedAt = row.GetDateTimeOffset("FailedAt"),
            ExpiredAt = row.GetDateTimeOffset("ExpiredAt"),
            CancellingAt = row.GetDateTimeOffset("CancellingAt"),
            CancelledAt = row.GetDateTimeOffset("CancelledAt"),
            Counts = new RequestCounts(
                row.GetInt32("Total") ?? 0, row.GetInt32("Completed") ?? 0, row.GetInt32("Failed") ?? 0),
            Usage = new TokenUsage(
                row.GetInt64("InputTokens") ?? 0,
                row.GetInt64("CachedTokens") ?? 0,
                row.GetInt64("OutputTokens") ?? 0,
                row.GetInt64("ReasoningTokens") ?? 0),
            Metadata = row.GetBinary("Metadata") is { } metadata
                ? JsonSerializer.Deserialize(metadata, BatchRowJson.Default.IReadOnlyDictionaryStringString)
                : null,
            OutputExpiresAfter = row.GetInt64("OutputExpiresAfter"),
            ChunkLines = row.GetInt32("ChunkLines")!.Value,
            ChunkBytes = row.GetInt32("ChunkBytes")!.Value,

            // A row of an older version, whose chunks were never joined.
            ChunkTarget = row.GetInt32("ChunkTarget") ?? int.MaxValue,
            ChunkCount = row.GetInt32("ChunkCount"),
            ChunkWindow = row.GetInt32("ChunkWindow"),
            Settled = SettledChunks.FromBytes(row.GetBinary("Settled")),
            InputBytes = row.GetInt64("InputBytes") ?? 0,
            InputBlob = new BlobLocation(row.GetString("InputContainer"), row.GetString("InputBlob")),
            Outcome = row.GetString("Outcome") is { } outcome ? BatchStatusNames.Parse(outcome) : null,
            ProgressAt = row.GetDateTimeOffset("ProgressAt"),
            UnreadableSince = row.GetDateTimeOffset("UnreadableSince"),
            History = ProgressHistoryBytes.Read(row.GetBinary("History")),
            SentAgainAt = row.GetDateTimeOffset("SentAgainAt"),
            Resends = row.GetInt32("Resends") ?? 0,
            Strikes = row.GetInt32("Strikes") ?? 0,
            StruckAt = row.GetDateTimeOffset("StruckAt"),
            TraceParent = row.GetString("TraceParent"),
            Webhook = row.GetString("WebhookUrl") is { } url && row.GetString("WebhookSecret") is { } secret ? new BatchWebhook(url, secret) : null,
            RetryOf = row.GetString("RetryOf"),
            Above = row.GetString("RetryAbove"),
            RetryOnly = Parted(row.GetString("RetryOnly")),
            Retries = Parted(row.GetString("Retries")),
            Failures = FailureKinds.FromBytes(row.GetBinary("FailureKinds")),
            Deleted = row.GetBoolean("Deleted") ?? false,
        };
    }

    // Neither ids nor codes have commas.
    private static string? Joined(IReadOnlyList<string> words) => words.Count == 0 ? null : string.Join(',', words);

    private static string[] Parted(string? words) => words?.Split(',') ?? [];

    private static string TextOf(TableEntity row, string name) => row.TryGetValue(name, out var value) && value is string text ? text : "";
}
