namespace BatchFunctions.StrictStorage.Chance;

/// <summary>
/// Makes use of what the documentation leaves open, as a seed decides: short and empty pages, messages in no order and some of
/// them twice, counts that are too high, either code for a stale receipt. Nothing fails.
/// </summary>
/// <param name="seed">What decides.</param>
public class SeededChance(int seed) : StorageChance
{
    private const double ShortPages = 0.3;
    private const double DoubleDeliveries = 0.05;
    private const double WrongCounts = 0.1;

    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public override int RowsPerPage(int rows) => Happens(ShortPages) ? Below(rows + 1) : rows;

    /// <inheritdoc/>
    public override int NextMessage(int visible) => Below(visible);

    /// <inheritdoc/>
    public override bool IsDeliveredTwice() => Happens(DoubleDeliveries);

    /// <inheritdoc/>
    public override int ApproximateCount(int messages) => Happens(WrongCounts) ? messages + 1 + Below(3) : messages;

    /// <inheritdoc/>
    public override bool SaysMismatch() => Happens(0.5);

    /// <summary>Whether something happens that does so with a probability.</summary>
    /// <param name="probability">From 0 to 1.</param>
    protected bool Happens(double probability)
    {
        lock (_lock)
        {
            return _random.NextDouble() < probability;
        }
    }

    /// <summary>A number from 0 to below a bound.</summary>
    /// <param name="bound">At least 1.</param>
    protected int Below(int bound)
    {
        lock (_lock)
        {
            return _random.Next(bound);
        }
    }
}
