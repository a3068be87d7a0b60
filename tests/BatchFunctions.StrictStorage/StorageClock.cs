namespace BatchFunctions.StrictStorage;

/// <summary>Storage's time, and the moments of its writes, of which no two are the same.</summary>
internal sealed class StorageClock(TimeProvider time)
{
    private DateTimeOffset _last;

    /// <summary>What storage's clock says.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>
    /// The moment of a write: now, or a tick after the last write. ETags are made of it, so that no write takes another's ETag.
    /// </summary>
    public DateTimeOffset NextWrite()
    {
        var now = Now;
        _last = now > _last ? now : _last.AddTicks(1);
        return _last;
    }
}
