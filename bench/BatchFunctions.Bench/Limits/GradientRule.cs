using BatchFunctions.Testing.Simulation;

namespace BatchFunctions.Bench.Limits;

/// <summary>
/// The second gradient limiter of Netflix' concurrency-limits, by its published rule and defaults: the limit follows the ratio of a long
/// average of durations to the last one.
/// </summary>
internal sealed class GradientRule : LimitRule
{
    private const double Queue = 4;
    private const double Smoothing = 0.2;
    private const double Window = 600;
    private const int Warmup = 10;

    private double _limit = 20;
    private double _average;
    private int _seen;

    public override int Limit => (int)_limit;

    public override void Ended(double seconds, int inFlight, bool isRefused)
    {
        _seen++;
        var factor = 2 / (Window + 1);
        _average = _seen <= Warmup ? _average + ((seconds - _average) / _seen) : (_average * (1 - factor)) + (seconds * factor);
        if (_average > 2 * seconds)
        {
            _average *= 0.9;
        }

        if (inFlight >= _limit / 2)
        {
            var gradient = Math.Clamp(_average / seconds, 0.5, 1);
            _limit = Math.Clamp((_limit * (1 - Smoothing)) + (((_limit * gradient) + Queue) * Smoothing), 1, 4096);
        }
    }
}
