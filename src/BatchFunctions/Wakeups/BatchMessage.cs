using System.Text.Json;
using System.Text.Json.Serialization;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Wakeups;

/// <summary>
/// A message on a queue, under 300 bytes. It is only a pointer: everything that decides is read from storage when it is
/// handled, so that a message that comes late, twice or out of order does no harm. An older version's messages are
/// accepted; a newer one's are refused, and tried again by a worker of that version.
/// </summary>
internal sealed record BatchMessage
{
    public const int CurrentVersion = 1;

    [JsonPropertyName("v")]
    public int Version { get; init; } = CurrentVersion;

    [JsonPropertyName("k")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public BatchMessageKind Kind { get; init; }

    [JsonPropertyName("t")]
    public string Tenant { get; init; } = "";

    [JsonPropertyName("b")]
    public string BatchId { get; init; } = "";

    /// <summary>The chunk's number; null for messages about the whole batch.</summary>
    [JsonPropertyName("c")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Chunk { get; init; }

    /// <summary>The delivery's id; null for messages about anything else.</summary>
    [JsonPropertyName("w")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Delivery { get; init; }

    /// <summary>Which attempt at the delivery is asked for, from 1 on.</summary>
    [JsonPropertyName("n")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Attempt { get; init; }

    /// <summary>The W3C trace context that the message was sent in.</summary>
    [JsonPropertyName("p")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceParent { get; init; }

    /// <summary>A sweep's ticket: the ETag of the pending row that says that it is under way.</summary>
    [JsonPropertyName("e")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ticket { get; init; }

    /// <summary>Whether a chunk's message says that what the chunk waits for is there: it may be claimed before its time.</summary>
    [JsonPropertyName("g")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool GoesOn { get; init; }

    /// <summary>
    /// Of a sweep's message: until when it is enough to look at the batches that are due, in Unix milliseconds; null for a look at
    /// everything.
    /// </summary>
    [JsonPropertyName("q")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? QuietUntil { get; init; }

    /// <summary>
    /// Of a sweep's message: the batch behind which it goes on, by its id, with its project in <see cref="Tenant"/>, since the one before it had
    /// no time for more; null to begin with the first. Earlier versions begin with the first.
    /// </summary>
    [JsonPropertyName("f")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? After { get; init; }

    /// <summary>
    /// Whether a sweep was taken over from one that was due later, which some may have counted on: then another follows it in any case.
    /// </summary>
    [JsonPropertyName("a")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsTakenOver { get; init; }

    /// <summary>
    /// Whether an advance's message has a delay, and its process asks for no other until it comes: then it is no copy, even if one that was
    /// late has taken its row up meanwhile. Earlier versions take it for one.
    /// </summary>
    [JsonPropertyName("o")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsCountedOn { get; init; }

    /// <summary>
    /// When the message was to be handled, in Unix milliseconds. Any wait beyond that counts as queue wait.
    /// </summary>
    [JsonPropertyName("d")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? DueAt { get; init; }

    [JsonIgnore]
    public BatchKey Key => new(Tenant, BatchId);

    /// <summary>The chunk's number, which the message must have.</summary>
    /// <exception cref="FormatException">The message has no chunk number.</exception>
    [JsonIgnore]
    public int ChunkNumber => Chunk ?? throw new FormatException("The queue message names no chunk.");

    /// <summary>The queue for messages of this kind.</summary>
    [JsonIgnore]
    public string Queue => Kind == BatchMessageKind.Chunk ? QueueNames.Chunk : QueueNames.Steps;

    /// <summary>A message about a whole batch.</summary>
    public static BatchMessage Of(BatchMessageKind kind, BatchKey batch) =>
        new() { Kind = kind, Tenant = batch.Tenant, BatchId = batch.Id };

    /// <summary>A message about one of a batch's chunks.</summary>
    public static BatchMessage OfChunk(BatchKey batch, int number) =>
        Of(BatchMessageKind.Chunk, batch) with { Chunk = number };

    /// <summary>A message about an attempt to deliver an event of a batch.</summary>
    public static BatchMessage OfDelivery(BatchKey batch, string delivery, int attempt) =>
        Of(BatchMessageKind.Deliver, batch) with { Delivery = delivery, Attempt = attempt };

    /// <exception cref="FormatException">The text is not a message, or is one of a newer version.</exception>
    public static BatchMessage Parse(BinaryData body)
    {
        BatchMessage? message;
        try
        {
            message = JsonSerializer.Deserialize(body.ToMemory().Span, BatchMessageJson.Default.BatchMessage);
        }
        catch (JsonException e)
        {
            throw new FormatException("The queue message is not JSON.", e);
        }

        return message switch
        {
            null => throw new FormatException("The queue message is empty."),
            { Version: > CurrentVersion } => throw new FormatException(
                $"The queue message has version {message.Version}; this worker knows {CurrentVersion}."),
            _ => message,
        };
    }

    public override string ToString() => JsonSerializer.Serialize(this, BatchMessageJson.Default.BatchMessage);
}

[JsonSerializable(typeof(BatchMessage))]
internal sealed partial class BatchMessageJson : JsonSerializerContext;
