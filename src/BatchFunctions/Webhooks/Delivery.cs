using Azure;
using BatchFunctions.Ids;
using BatchFunctions.Receivers;
using BatchFunctions.Storage;

namespace BatchFunctions.Webhooks;

/// <summary>An event on its way to one of those who want it, and what became of it. Times are UTC.</summary>
internal sealed record Delivery : IFenced<Delivery>
{
    /// <summary>The batch that a test's event names, which is none.</summary>
    public const string TestBatchId = "batch_00000000000000000000000000000000";

    public required string Tenant { get; init; }

    public required string Id { get; init; }

    /// <summary>The project's webhook; null if it goes where its batch says.</summary>
    public string? WebhookId { get; init; }

    public required string EventId { get; init; }

    /// <summary>One of <see cref="EventTypes"/>.</summary>
    public required string Type { get; init; }

    public required string BatchId { get; init; }

    /// <summary>When the batch ended.</summary>
    public required DateTimeOffset EventAt { get; init; }

    /// <summary>Whether it was asked for to see whether events arrive: it is tried once.</summary>
    public bool IsTest { get; init; }

    public DeliveryStatus Status { get; private init; }

    /// <summary>How many attempts there were.</summary>
    public int Attempts { get; private init; }

    /// <summary>How many of them since it was last begun.</summary>
    public int Tries { get; private init; }

    /// <summary>
    /// When it was last begun: when the batch ended, or somebody had it sent again; later by the time for which nobody could make an attempt that was due.
    /// </summary>
    public required DateTimeOffset BegunAt { get; init; }

    /// <summary>When the next attempt is due; null if there is none.</summary>
    public DateTimeOffset? NextAt { get; private init; }

    /// <summary>When the next attempt was last put off, since its process was sending as much as it may; null if none was.</summary>
    public DateTimeOffset? PutOffAt { get; private init; }

    /// <summary>How often a sweep has asked for an attempt that is long overdue.</summary>
    public int Chances { get; private init; }

    public DateTimeOffset? LastAt { get; private init; }

    /// <summary>The HTTP status of the last attempt; null if it had no answer.</summary>
    public int? LastStatus { get; private init; }

    /// <summary>Why the last attempt had no answer, or why it is tried no more.</summary>
    public string? LastError { get; private init; }

    /// <summary>When it came to its end; null while it has not.</summary>
    public DateTimeOffset? EndedAt { get; private init; }

    /// <summary>What is wrong with its row, which cannot be read and is not written; null for any other.</summary>
    public string? Unreadable { get; init; }

    public ETag ETag { get; init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object>? Unknown { get; private init; }

    public BatchKey Batch => new(Tenant, BatchId);

    public bool IsOpen => Status == DeliveryStatus.Pending;

    /// <summary>Whether there is a message for the next attempt, and not only the sweep.</summary>
    public bool HasMessage => NextAt - WaitsSince <= DeliverySchedule.LongestMessage;

    /// <summary>When it was decided that the next attempt is made at <see cref="NextAt"/>.</summary>
    private DateTimeOffset WaitsSince => PutOffAt >= TriedSince ? PutOffAt.Value : TriedSince;

    private DateTimeOffset TriedSince => LastAt > BegunAt ? LastAt.Value : BegunAt;

    /// <summary>The delivery of the event that a batch has ended. Whoever makes it, however often, makes the same.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="type">The event's type.</param>
    /// <param name="endedAt">When the batch ended.</param>
    /// <param name="webhookId">The webhook; null for where the batch itself says.</param>
    public static Delivery Of(BatchKey batch, string type, DateTimeOffset endedAt, string? webhookId) => new()
    {
        Tenant = batch.Tenant,
        Id = IdKind.Delivery.Of(endedAt, $"{batch.Id}/{webhookId}"),
        WebhookId = webhookId,
        EventId = IdKind.Event.Of(endedAt, batch.Id),
        Type = type,
        BatchId = batch.Id,
        EventAt = endedAt,
        BegunAt = endedAt,
        NextAt = endedAt,
    };

    /// <summary>A delivery that shows whether events arrive.</summary>
    public static Delivery TestOf(Webhook webhook, string type, DateTimeOffset now) =>
        Of(new BatchKey(webhook.Tenant, TestBatchId), type, now, webhook.Id) with
        {
            Id = IdKind.Delivery.New(now),
            EventId = IdKind.Event.New(now),
            IsTest = true,
        };

    /// <summary>The delivery after an attempt.</summary>
    /// <param name="answer">What came of it.</param>
    /// <param name="isGone">Whether its receiver wants no more events.</param>
    /// <param name="now">The time.</param>
    public Delivery After(ReceiverAnswer answer, bool isGone, DateTimeOffset now)
    {
        var tried = this with
        {
            Attempts = Attempts + 1,
            Tries = Tries + 1,
            BegunAt = BegunBy(now),
            Chances = 0,
            LastAt = now,
            LastStatus = answer.Status,
            LastError = answer.Error,
            NextAt = null,
        };
        return answer.IsSuccess ? tried with { Status = DeliveryStatus.Delivered, EndedAt = now }
            : !IsTest && !isGone && DeliverySchedule.Next(tried.BegunAt, tried.Tries, answer.RetryAfter, now) is { } next ? tried with { NextAt = next }
            : tried.Ended(now);
    }

    /// <summary>
    /// When it was begun, for an attempt that is made now. One that comes very late could not be made meanwhile, since nothing ran: that time is none
    /// of those in which it was tried.
    /// </summary>
    public DateTimeOffset BegunBy(DateTimeOffset now) =>
        now - NextAt is { } late && late > DeliverySchedule.LongestDelay ? BegunAt + late : BegunAt;

    /// <summary>The delivery once a sweep has asked for its overdue attempt.</summary>
    public Delivery AskedFor() => this with { Chances = Chances + 1 };

    /// <summary>The delivery whose attempt is due and cannot be made yet, for want of a place: each time in a row it waits for longer.</summary>
    public Delivery PutOff(DateTimeOffset now) =>
        this with { PutOffAt = now, NextAt = now + DeliverySchedule.PutOffFor(PutOffAt >= TriedSince ? NextAt - PutOffAt : null) };

    /// <summary>The delivery as one that is tried no more.</summary>
    public Delivery Ended(DateTimeOffset now) => this with { Status = DeliveryStatus.Failed, EndedAt = now, NextAt = null };

    /// <summary>The delivery as one that is tried no more, and why.</summary>
    public Delivery GivenUp(string error, DateTimeOffset now) => Ended(now) with { LastError = error, LastStatus = null };

    /// <summary>The delivery begun anew, with the same event.</summary>
    public Delivery Again(DateTimeOffset now) =>
        this with { Status = DeliveryStatus.Pending, Tries = 0, Chances = 0, BegunAt = now, NextAt = now, EndedAt = null };

    /// <inheritdoc/>
    public Delivery InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown) => this with { ETag = etag, Unknown = unknown };

    /// <summary>The delivery with what its row says came of it.</summary>
    public Delivery As(
        DeliveryStatus status, int attempts, int tries, DateTimeOffset? nextAt, DateTimeOffset? putOffAt, int chances, DateTimeOffset? lastAt, int? lastStatus, string? lastError, DateTimeOffset? endedAt) =>
        this with
        {
            Status = status,
            Attempts = attempts,
            Tries = tries,
            NextAt = nextAt,
            PutOffAt = putOffAt,
            Chances = chances,
            LastAt = lastAt,
            LastStatus = lastStatus,
            LastError = lastError,
            EndedAt = endedAt,
        };
}
