using Azure;
using BatchFunctions.Ids;
using BatchFunctions.Receivers;
using BatchFunctions.Storage;

namespace BatchFunctions.Webhooks;

/// <summary>An endpoint of a project, which events of its batches are sent to. Times are UTC.</summary>
internal sealed record Webhook : IFenced<Webhook>
{
    /// <summary>The most secrets that count beside the newest: each makes a signature of every event.</summary>
    public const int MostOldSecrets = 9;

    /// <summary>How long a secret is signed with beside the one that has taken its place.</summary>
    public static readonly TimeSpan OldSecretLife = TimeSpan.FromDays(1);

    public required string Tenant { get; init; }

    public required string Id { get; init; }

    public required string Url { get; init; }

    /// <summary>What events are signed with.</summary>
    public required string Secret { get; init; }

    /// <summary>The secrets before this one, newest first; none that was past its end at the last rotation.</summary>
    public IReadOnlyList<OldSecret> OldSecrets { get; init; } = [];

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

    /// <summary>Whether it was deleted, and its row is a tombstone.</summary>
    public bool Deleted { get; init; }

    /// <summary>What is wrong with its row, which cannot be read and is not written; null for any other.</summary>
    public string? Unreadable { get; init; }

    public ETag ETag { get; init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object>? Unknown { get; private init; }

    public DateTimeOffset CreatedAt => IdKind.Webhook.CreatedAt(Id);

    public bool IsEnabled => DisabledAt is null && Unreadable is null;

    /// <summary>Whom events are sent to.</summary>
    public Receiver ReceiverAt(DateTimeOffset now) =>
        new(new Uri(Url), [Secret, .. StillCounting(now).Select(old => old.Secret)]);

    /// <summary>Whether a receiver is this webhook as it is: what one does that it has left says nothing of it.</summary>
    public bool IsAt(Receiver receiver) => receiver.Url.OriginalString == Url;

    /// <summary>The tombstone of the webhook: nothing of it is kept but that there was one.</summary>
    public Webhook Bury(DateTimeOffset now) =>
        this with { Deleted = true, DisabledAt = now, Url = "", Secret = "", OldSecrets = [], Name = null, FailingSince = null, DisabledReason = null };

    /// <summary>The webhook at another URL, which has not failed yet.</summary>
    public Webhook Move(string url) => url == Url ? this : this with { Url = url, FailingSince = null };

    /// <summary>The webhook after an attempt that succeeded.</summary>
    public Webhook Reached() => this with { FailingSince = null };

    /// <summary>
    /// The webhook after an attempt that failed. One that has failed as long as a delivery is tried, without anything in between that
    /// succeeded, is switched off, and so is one that is gone. Days in which nothing was tried say nothing of it, so it takes a delivery that was
    /// tried for as long.
    /// </summary>
    /// <param name="isGone">Whether it wants no more events.</param>
    /// <param name="begunAt">When the delivery was begun, as <see cref="Delivery.BegunBy"/> counts it.</param>
    /// <param name="now">The time.</param>
    public Webhook Failed(bool isGone, DateTimeOffset begunAt, DateTimeOffset now)
    {
        var since = FailingSince ?? now;
        var tried = begunAt > since ? begunAt : since;
        var failing = this with { FailingSince = since };
        return !IsEnabled ? failing
            : isGone ? failing.Disable(DisabledReasons.Gone, now)
            : now - tried >= DeliverySchedule.FailingLimit ? failing.Disable(DisabledReasons.Failing, now)
            : failing;
    }

    /// <summary>The webhook switched off.</summary>
    public Webhook Disable(string reason, DateTimeOffset now) => this with { DisabledAt = now, DisabledReason = reason };

    /// <summary>The webhook switched on, whatever there was before.</summary>
    public Webhook Enable() => this with { DisabledAt = null, DisabledReason = null, FailingSince = null };

    /// <summary>
    /// The webhook with another secret. The one before it is signed with for another day, as those before that are until their own ends: which of
    /// them its receiver has nobody knows.
    /// </summary>
    /// <returns>Null if more than <see cref="MostOldSecrets"/> would count.</returns>
    public Webhook? Rotate(string secret, DateTimeOffset now)
    {
        OldSecret[] old = [new(Secret, now + OldSecretLife), .. StillCounting(now)];
        return old.Length > MostOldSecrets ? null : this with { Secret = secret, OldSecrets = old };
    }

    /// <inheritdoc/>
    public Webhook InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown) => this with { ETag = etag, Unknown = unknown };

    private IEnumerable<OldSecret> StillCounting(DateTimeOffset now) => OldSecrets.Where(old => now < old.Until);
}

/// <summary>A secret that another has taken the place of.</summary>
/// <param name="Secret">The secret.</param>
/// <param name="Until">Until when it is signed with.</param>
internal sealed record OldSecret(string Secret, DateTimeOffset Until);

/// <summary>Why nothing is sent to a webhook any more.</summary>
internal static class DisabledReasons
{
    /// <summary>It has failed for days.</summary>
    public const string Failing = "failing";

    /// <summary>It has answered that it wants no more (410).</summary>
    public const string Gone = "gone";

    /// <summary>Its row cannot be read.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>Its project has switched it off.</summary>
    public const string Requested = "requested";
}
