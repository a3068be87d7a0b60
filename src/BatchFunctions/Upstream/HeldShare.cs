using BatchFunctions.Fleet;

namespace BatchFunctions.Upstream;

/// <summary>
/// The share that this process was granted, for as long as its lease holds by the process's own clocks, both of them: one stands still
/// while a machine is suspended, the other may be set. Under the gate's lock; it has none of its own.
/// </summary>
/// <param name="standing">One that holds without a lease; null where there is none.</param>
/// <param name="time">The clocks.</param>
internal sealed class HeldShare(ShareGrant? standing, TimeProvider time)
{
    /// <summary>How long before its lease ends a share is used no more: storage tells its time in whole seconds.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(2);

    private readonly ShareGrant? _standing = standing;
    private ShareGrant? _grant = standing;
    private long _asked;
    private DateTimeOffset _askedOn;

    /// <summary>What was granted last, whether it still holds or not; null where it was given up.</summary>
    public ShareGrant? Last => _grant;

    /// <summary>Whether it needs no renewal.</summary>
    public bool IsStanding => _standing is not null;

    /// <summary>Takes a new one.</summary>
    /// <param name="grant">The share.</param>
    /// <param name="asked">When it was asked for, as a timestamp: from then on its lease counts.</param>
    public void Take(ShareGrant grant, long asked) =>
        (_grant, _asked, _askedOn) = (grant, asked, time.GetUtcNow() - time.GetElapsedTime(asked));

    /// <summary>Uses it no more.</summary>
    public void Drop() => _grant = _standing;

    /// <summary>Whether it may be used.</summary>
    public bool Holds(DateTimeOffset now) => IsStanding || (_grant is { } grant
        && time.GetElapsedTime(_asked) < grant.Lease - Margin
        && now - _askedOn < grant.Lease - Margin);
}
