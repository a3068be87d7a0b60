namespace BatchFunctions.Capacity;

/// <summary>A line in flight, as <see cref="FlightRecord"/> counts it.</summary>
/// <param name="sent">When it was sent.</param>
internal sealed class LineFlight(DateTimeOffset sent)
{
    /// <summary>When it was sent.</summary>
    public DateTimeOffset Sent { get; } = sent;
}
