using System.Threading.RateLimiting;
using BatchFunctions.Configuration;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Upstream;

/// <summary>
/// Bounds the lines in flight of the whole process, first come, first served, whichever chunks they belong to. A line
/// holds its place while it waits between two attempts: an upstream that asks for less is sent less.
/// </summary>
internal sealed class UpstreamGate(IOptions<BatchOptions> options) : IDisposable
{
    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = options.Value.Upstream.Concurrency,
        QueueLimit = int.MaxValue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Waits for a place.</summary>
    /// <returns>The place: dispose of it when the line's outcome is known.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled; no place is held.</exception>
    public ValueTask<RateLimitLease> EnterAsync(CancellationToken ct) =>
        _limiter.AcquireAsync(permitCount: 1, ct);

    /// <inheritdoc/>
    public void Dispose() => _limiter.Dispose();
}
