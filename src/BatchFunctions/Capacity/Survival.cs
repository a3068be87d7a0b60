namespace BatchFunctions.Capacity;

/// <summary>
/// Which share of a cohort's lines is still in flight at which age (Kaplan and Meier's estimate): lines that have not ended
/// count for as long as they have been seen.
/// </summary>
internal sealed class Survival
{
    /// <summary>Lines that must have reached an age for it to be looked at.</summary>
    private const int FewestAtRisk = 3;

    /// <summary>The error of a comparison that says nothing.</summary>
    private const double Unknown = 10;

    private readonly double[] _share = new double[LogHistogram.Bins + 1];
    private readonly double[] _means = new double[LogHistogram.Bins + 1];
    private readonly double[] _squares = new double[LogHistogram.Bins + 1];
    private readonly int _bins;
    private readonly int _ended;

    private Survival(Cohort cohort)
    {
        var atRisk = (double)(cohort.Ended.Total + cohort.Flying.Total);
        var share = 1.0;
        for (var bin = 0; bin < LogHistogram.Bins; bin++)
        {
            _share[bin] = share;
            var ended = cohort.Ended[bin];
            var looked = atRisk - (cohort.Flying[bin] / 2.0);
            if (atRisk >= FewestAtRisk)
            {
                _bins = bin + 1;
                _ended += ended;
            }

            var next = looked > 0 ? share * (1 - Math.Min(1, ended / looked)) : 0;
            var (begin, end) = (LogHistogram.Begin(bin), LogHistogram.Begin(bin + 1));
            _means[bin + 1] = _means[bin] + ((share + next) / 2 * (end - begin));
            _squares[bin + 1] = _squares[bin] + ((share + next) / 2 * ((end * end) - (begin * begin)));
            share = next;
            atRisk -= ended + cohort.Flying[bin];
        }

        _share[^1] = share;
    }

    private double Longest => LogHistogram.Begin(_bins);

    /// <summary>By which factor a cohort's durations are longer than another's, as a logarithm, and its standard error.</summary>
    public static (double Stretch, double Error) Stretch(Cohort from, Cohort to)
    {
        var (one, other) = (new Survival(from), new Survival(to));
        if (one._ended < Cohort.Fewest || other._ended < Cohort.Fewest)
        {
            return (0, Unknown);
        }

        var (low, high) = (-6.0, 6.0);
        for (var step = 0; step < 30; step++)
        {
            var middle = (low + high) / 2;
            (low, high) = one.Excess(other, middle) < 0 ? (middle, high) : (low, middle);
        }

        var stretch = (low + high) / 2;
        var age = one.AgeFor(other, stretch);
        var error = Math.Sqrt(Math.Pow(one.ErrorAt(age), 2) + Math.Pow(other.ErrorAt(age * Math.Exp(stretch)), 2));
        return (stretch, Math.Min(Unknown, error * (1 + (3.0 / Math.Min(one._ended, other._ended)))));
    }

    /// <summary>By how much this one, stretched, is longer in flight than the other, up to an age which both have reached.</summary>
    private double Excess(Survival other, double stretch)
    {
        var age = AgeFor(other, stretch);
        var factor = Math.Exp(stretch);
        return (factor * At(_means, age)) - At(other._means, factor * age);
    }

    private double AgeFor(Survival other, double stretch) => Math.Min(Longest, other.Longest / Math.Exp(stretch));

    /// <summary>The error of a stretch that is told up to this age: large where most lines are older.</summary>
    private double ErrorAt(double age)
    {
        var mean = At(_means, age);
        var variance = Math.Max(0, At(_squares, age) - (mean * mean));
        var told = 1 - (age * At(_share, age) / mean);
        return Math.Sqrt(variance / Math.Max(1, _ended)) / mean / Math.Max(told, 0.01);
    }

    private static double At(double[] values, double age)
    {
        var bin = LogHistogram.BinOf(TimeSpan.FromSeconds(age));
        var (begin, end) = (LogHistogram.Begin(bin), LogHistogram.Begin(bin + 1));
        var into = Math.Clamp((age - begin) / (end - begin), 0, 1);
        return values[bin] + ((values[bin + 1] - values[bin]) * into);
    }
}
