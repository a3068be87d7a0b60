namespace BatchFunctions.Memory;

/// <summary>Bytes of a <see cref="ByteBudget"/> that somebody holds. One holder changes it at a time.</summary>
internal sealed class ByteShare : IDisposable
{
    private readonly ByteBudget _budget;

    internal ByteShare(ByteBudget budget) => _budget = budget;

    /// <summary>How many bytes are held.</summary>
    public long Bytes { get; internal set; }

    /// <summary>Waits until so many bytes in all may be held; at once where that is not more than are held already.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="ct">Ends the wait; then what was held before is held still.</param>
    public ValueTask GrowAsync(long bytes, CancellationToken ct) =>
        bytes <= Bytes ? ValueTask.CompletedTask : _budget.GrowAsync(this, bytes, ct);

    /// <summary>Says what is held in truth, be it more or less than was asked for.</summary>
    /// <param name="bytes">How many bytes.</param>
    public void Set(long bytes) => _budget.Set(this, bytes);

    /// <summary>Hands over what is held.</summary>
    /// <param name="other">Holds it from now on, beside what it has.</param>
    public void MoveTo(ByteShare other) => _budget.Move(this, other);

    /// <inheritdoc/>
    public void Dispose() => Set(0);
}
