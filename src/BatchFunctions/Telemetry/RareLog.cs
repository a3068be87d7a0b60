using Microsoft.Extensions.Caching.Memory;

namespace BatchFunctions.Telemetry;

/// <summary>
/// What goes on failing is logged once an hour by each process, and not at each try: a fault that lasts a night must not
/// fill the log.
/// </summary>
internal sealed class RareLog(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Gap = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly MemoryCache _said = new(new MemoryCacheOptions());

    /// <summary>Whether to log it, since that has not been done within the hour; whoever is told so logs it.</summary>
    /// <param name="what">What is the matter, and with what.</param>
    public bool IsNews(string what)
    {
        lock (_lock)
        {
            if (WasSaid(what))
            {
                return false;
            }

            // The cache's own expiry only removes what nobody asks for any more.
            _said.Set(what, time.GetUtcNow(), Gap * 2);
            return true;
        }
    }

    /// <summary>Whether it has been logged within the hour.</summary>
    /// <param name="what">What is the matter, and with what.</param>
    public bool WasSaid(string what) =>
        _said.TryGetValue(what, out DateTimeOffset said) && time.GetUtcNow() - said < Gap;

    public void Dispose() => _said.Dispose();
}
