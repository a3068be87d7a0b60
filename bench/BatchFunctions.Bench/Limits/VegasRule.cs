using BatchFunctions.Testing.Simulation;

namespace BatchFunctions.Bench.Limits;

/// <summary>
/// TCP Vegas as Netflix' concurrency-limits have it, by its published rule and defaults: what the shortest duration does not explain
/// is a queue, which is kept between two bounds.
/// </summary>
internal sealed class VegasRule : LimitRule
{
    private const int Probe = 30;

    private double _limit = 20;
    private double _shortest = double.PositiveInfinity;
    private double _sinceProbe;

    public override int Limit => (int)_limit;

    public override void Ended(double seconds, int inFlight, bool isRefused)
    {
        if (++_sinceProbe >= Probe * _limit * 0.75 || seconds < _shortest)
        {
            _sinceProbe = seconds < _shortest ? _sinceProbe : 0;
            _shortest = seconds;
            return;
        }

        var step = Math.Max(1, Math.Log10(_limit));
        var queue = Math.Ceiling(_limit * (1 - (_shortest / seconds)));
        var change = inFlight * 2 < _limit && !isRefused ? 0
            : isRefused || queue > 6 * step ? -step
            : queue <= step ? 6 * step
            : queue < 3 * step ? step
            : 0;
        _limit = Math.Clamp(_limit + change, 1, 4096);
    }
}
