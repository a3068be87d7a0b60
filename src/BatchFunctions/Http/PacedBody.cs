using BatchFunctions.Memory;

namespace BatchFunctions.Http;

/// <summary>
/// A request's body that is cut when it comes too slowly, whatever server is in front: a body that stalls holds memory
/// and a connection. Only the time that is spent waiting for bytes counts, so slow storage is not blamed on the client.
/// </summary>
/// <remarks>
/// There is an allowance of waiting time. Waiting uses it up, and each byte that comes earns some, up to where it began:
/// so the rate is that of a window as long as the allowance, and a fast start buys no long stall.
/// </remarks>
internal sealed class PacedBody(Stream inner, TimeProvider time) : ReadOnlyStream
{
    /// <summary>The least rate, in bytes a second.</summary>
    public const int MinRate = 1024;

    /// <summary>How long a body may stall, at its start or after bytes have come fast enough.</summary>
    public static readonly TimeSpan Allowance = TimeSpan.FromSeconds(20);

    private TimeSpan _left = Allowance;

    /// <exception cref="ApiException">The body has come too slowly.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var began = time.GetTimestamp();
        using var limit = new CancellationTokenSource(_left, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var length = await inner.ReadAsync(buffer, either.Token);
            var left = _left - time.GetElapsedTime(began) + TimeSpan.FromSeconds((double)length / MinRate);
            _left = left > Allowance ? Allowance : left > TimeSpan.Zero ? left : TimeSpan.Zero;
            return length;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ApiException(ApiError.TooSlow(MinRate, (int)Allowance.TotalSeconds));
        }
    }
}
