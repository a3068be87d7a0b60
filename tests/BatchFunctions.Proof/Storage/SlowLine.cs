namespace BatchFunctions.Proof.Storage;

/// <summary>A slow line: what is sent over it comes to so many bytes a second, one request behind the other.</summary>
/// <param name="bytesPerSecond">How fast it is.</param>
internal sealed class SlowLine(int bytesPerSecond)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _free;

    /// <summary>Waits until so many bytes have gone through.</summary>
    public Task PassAsync(int bytes, CancellationToken ct)
    {
        var now = DateTimeOffset.UtcNow;
        lock (_lock)
        {
            _free = (_free > now ? _free : now) + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            return Task.Delay(_free - now, ct);
        }
    }
}
