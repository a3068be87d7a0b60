using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using BatchFunctions.Http;
using BatchFunctions.Lines;

namespace BatchFunctions.Batches;

/// <summary>A batch as the API returns it, with OpenAI's properties in OpenAI's order.</summary>
internal sealed class BatchObject
{
    internal const string Kind = "batch";

    private readonly Batch _batch;

    internal BatchObject(Batch batch) => _batch = batch;

    [Example("batch_019a00000000aaaaaaaaaaaaaaaaaaaa")]
    public string Id => _batch.Id;

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    public string Endpoint => _batch.Endpoint;

    [Description("The model that all lines share; null until validation, and where they differ.")]
    public string? Model => _batch.Model;

    public ErrorList? Errors => _batch.Errors.Count > 0 ? new ErrorList(_batch.Errors) : null;

    public string InputFileId => _batch.InputFileId;

    public string CompletionWindow => _batch.CompletionWindow;

    [BatchStatuses]
    public string Status => _batch.Status.Wire();

    [Description("Null while no line has succeeded.")]
    public string? OutputFileId => _batch.OutputFileId;

    [Description("Null while every line has succeeded.")]
    public string? ErrorFileId => _batch.ErrorFileId;

    [Description("When it was made (Unix seconds)")]
    public long CreatedAt => _batch.CreatedAt.ToUnixTimeSeconds();

    [Description("When its lines began to be sent (Unix seconds)")]
    public long? InProgressAt => _batch.InProgressAt?.ToUnixTimeSeconds();

    [Description("Its deadline (Unix seconds)")]
    public long ExpiresAt => _batch.ExpiresAt.ToUnixTimeSeconds();

    [Description("When its files began to be put together (Unix seconds)")]
    public long? FinalizingAt => _batch.FinalizingAt?.ToUnixTimeSeconds();

    [Description("When it was completed (Unix seconds)")]
    public long? CompletedAt => _batch.CompletedAt?.ToUnixTimeSeconds();

    [Description("When it failed (Unix seconds)")]
    public long? FailedAt => _batch.FailedAt?.ToUnixTimeSeconds();

    [Description("When it ended past its deadline (Unix seconds)")]
    public long? ExpiredAt => _batch.ExpiredAt?.ToUnixTimeSeconds();

    [Description("When it was asked to be cancelled (Unix seconds)")]
    public long? CancellingAt => _batch.CancellingAt?.ToUnixTimeSeconds();

    [Description("When it ended cancelled (Unix seconds)")]
    public long? CancelledAt => _batch.CancelledAt?.ToUnixTimeSeconds();

    public RequestCounts RequestCounts => _batch.Counts;

    public UsageObject Usage => new(_batch.Usage);

    [Description("As it was given.")]
    public IReadOnlyDictionary<string, string>? Metadata => _batch.Metadata;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The batch whose lines it sends once more; absent from others.")]
    public string? RetryOf => _batch.RetryOf;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The batches that send lines of it once more, the latest last; absent where there are none.")]
    public IReadOnlyList<string>? Retries => _batch.Retries.Count > 0 ? _batch.Retries : null;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Where the event that it has ended is sent beside the project's webhooks; absent where nothing was given.")]
    public WebhookObject? Webhook => _batch.Webhook is { } webhook ? new WebhookObject(webhook) : null;

    public static ListObject<BatchObject> ListOf(BatchPage page) =>
        new([.. page.Batches.Select(batch => new BatchObject(batch))], page.HasMore, batch => batch.Id);

    /// <summary>Why a batch failed.</summary>
    internal sealed class ErrorList
    {
        private const string Kind = "list";

        internal ErrorList(IReadOnlyList<BatchError> data) => Data = data;

        [AllowedValues(Kind)]
        public string Object { get; } = Kind;

        public IReadOnlyList<BatchError> Data { get; }
    }

    /// <summary>Where events of a batch are sent. The secret is not shown.</summary>
    internal sealed class WebhookObject
    {
        internal WebhookObject(BatchWebhook webhook) => Url = webhook.Url;

        public string Url { get; }
    }

    /// <summary>The tokens of all lines together.</summary>
    internal sealed class UsageObject
    {
        private readonly TokenUsage _usage;

        internal UsageObject(TokenUsage usage) => _usage = usage;

        public long InputTokens => _usage.Input;

        public InputDetails InputTokensDetails => new(_usage.CachedInput);

        public long OutputTokens => _usage.Output;

        public OutputDetails OutputTokensDetails => new(_usage.ReasoningOutput);

        public long TotalTokens => _usage.Total;
    }

    internal readonly record struct InputDetails(long CachedTokens);

    internal readonly record struct OutputDetails(long ReasoningTokens);
}

/// <summary>The API's answer to a deletion.</summary>
internal sealed class DeletedBatchObject
{
    internal DeletedBatchObject(string id) => Id = id;

    public string Id { get; }

    [AllowedValues(BatchObject.Kind)]
    public string Object { get; } = BatchObject.Kind;

    public bool Deleted { get; } = true;
}
