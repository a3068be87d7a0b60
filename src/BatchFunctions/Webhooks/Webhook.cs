using Azure;
using BatchFunctions.Ids;
using BatchFunctions.Receivers;
using BatchFunctions.Storage;

namespace BatchFunctions.Webhooks;

/// <summary>An endpoint of a project, which events of its batches are sent to. Times are UTC.</summary>
internal sealed record Webhook : IFenced<Webhook>
{
    /// <summary>How long a secret is signed with beside the one that has taken its place.</summary>
    public static readonly TimeSpan OldSecretLife = TimeSpan.FromDays(1);

    public required string Tenant { get; init; }

    public required string Id { get; init; }

    public required string Url { get; init; }

    /// <summary>What events are signed with.</summary>
    public required string Secret { get; init; }

    /// <summary>The secret before this one, while it still counts.</summary>
    public string? OldSecret { get; init; }

    public DateTimeOffset? OldSecretUntil { get; init; }

    /// <summary>The types of events that are sent.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>The caller's own words.</summary>
    public string? Name { get; init; }

    /// <summary>Since when every attempt has failed; null where the last one did not.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Since when nothing is sent any more; null while it is.</summary>
    public DateTimeOffset? DisabledAt { get; init; }

    /// <summary>Why nothing is sent any more: one of <see cref="DisabledReasons"/>.</summary>
    public string? DisabledReason { get; init; }

    public ETag ETag { get; init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object>? Unknown { get; private init; }

    public DateTimeOffset CreatedAt => IdKind.Webhook.CreatedAt(Id);

    public bool IsEnabled => DisabledAt is null;

    /// <summary>Whom events are sent to.</summary>
    public Receiver ReceiverAt(DateTimeOffset now) =>
        new(new Uri(Url), OldSecret is { } old && now < OldSecretUntil ? [Secret, old] : [Secret]);

    /// <summary>The webhook after an attempt that succeeded.</summary>
    public Webhook Reached() => this with { FailingSince = null };

    /// <summary>
    /// The webhook after an attempt that failed. One that has failed as long as a delivery is tried, without anything in between that
    /// succeeded, is switched off, and so is one that is gone.
    /// </summary>
    public Webhook Failed(bool isGone, DateTimeOffset now)
    {
        var since = FailingSince ?? now;
        var failing = this with { FailingSince = since };
        return !IsEnabled ? failing
            : isGone ? failing.Disable(DisabledReasons.Gone, now)
            : now - since >= DeliverySchedule.FailingLimit ? failing.Disable(DisabledReasons.Failing, now)
            : failing;
    }

    /// <summary>The webhook switched off.</summary>
    public Webhook Disable(string reason, DateTimeOffset now) => this with { DisabledAt = now, DisabledReason = reason };

    /// <summary>The webhook switched on, whatever there was before.</summary>
    public Webhook Enable() => this with { DisabledAt = null, DisabledReason = null, FailingSince = null };

    /// <summary>The webhook with another secret. The one before it is signed with for another day.</summary>
    public Webhook Rotate(string secret, DateTimeOffset now) =>
        this with { Secret = secret, OldSecret = Secret, OldSecretUntil = now + OldSecretLife };

    /// <inheritdoc/>
    public Webhook InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown) => this with { ETag = etag, Unknown = unknown };
}

/// <summary>Why nothing is sent to a webhook any more.</summary>
internal static class DisabledReasons
{
    /// <summary>It has failed for days.</summary>
    public const string Failing = "failing";

    /// <summary>It has answered that it wants no more (410).</summary>
    public const string Gone = "gone";

    /// <summary>Its project has switched it off.</summary>
    public const string Requested = "requested";
}
