namespace BatchFunctions.Upstream;

/// <summary>
/// How large the next answer is expected to be, from those that came: their mean and their deviation, as TCP estimates its
/// round trips (RFC 6298). What is expected is held before a line is sent; what comes beyond it is asked for as it comes.
/// </summary>
internal sealed class AnswerSizes
{
    /// <summary>What is expected before there was an answer, in bytes.</summary>
    private const double AtFirst = 16 * 1024;

    private readonly Lock _lock = new();
    private double _mean = AtFirst;
    private double _deviation;

    /// <summary>How large the next answer may well be, in bytes.</summary>
    public long Expected
    {
        get
        {
            lock (_lock)
            {
                return (long)(_mean + (2 * _deviation));
            }
        }
    }

    /// <summary>Takes note of an answer.</summary>
    /// <param name="bytes">Its size, decompressed.</param>
    public void Note(long bytes)
    {
        lock (_lock)
        {
            var difference = bytes - _mean;
            _mean += difference / 8;
            _deviation += (Math.Abs(difference) - _deviation) / 4;
        }
    }
}
