using System.Text.Json.Serialization;

namespace BatchFunctions.Capacity;

/// <summary>
/// How long lines took against the work that they were. With the work known, it is told from few lines how fast they are, though their
/// sizes differ a hundredfold. Only sums are kept, which add up over processes.
/// </summary>
/// <remarks>
/// A line is taken to last <c>slowness × (start + work)</c>, and to stray further from that the longer it is: each is weighted
/// by its work to the power of -3/2, halfway between what strays by a number of tokens and what strays by a share. Two cohorts share the
/// start (a prompt to be read, a way to go) and each has a slowness of its own: that leaves little to chance where few
/// lines have ended.
/// </remarks>
/// <param name="Count">Lines.</param>
/// <param name="Weight">The sum of their weights.</param>
/// <param name="Work">The weighted sum of their work.</param>
/// <param name="WorkSquares">The weighted sum of its squares.</param>
/// <param name="Seconds">The weighted sum of their durations.</param>
/// <param name="Products">The weighted sum of the products of both.</param>
/// <param name="SecondsSquares">The weighted sum of the squares of the durations.</param>
internal readonly record struct WorkFit(
    [property: JsonPropertyName("n")] int Count,
    [property: JsonPropertyName("g")] double Weight,
    [property: JsonPropertyName("w")] double Work,
    [property: JsonPropertyName("ww")] double WorkSquares,
    [property: JsonPropertyName("d")] double Seconds,
    [property: JsonPropertyName("wd")] double Products,
    [property: JsonPropertyName("dd")] double SecondsSquares)
{
    private const double Power = -1.5;

    /// <summary>The least that is believed of how far lines stray, as a share: few may agree by chance.</summary>
    private const double LeastScatter = 0.05;

    /// <summary>The most that lines may stray, as a share, for their work to tell how long they take.</summary>
    private const double MostScatter = 0.5;

    /// <summary>Which share of the durations' variance the work must explain for that.</summary>
    private const double LeastExplained = 0.6;

    /// <summary>Fewer lines than these do not show what explains what; then it is enough that their work differs, by this share.</summary>
    private const int Few = 12;
    private const double Differs = 0.02;

    /// <summary>The largest share of a short line's work that may be no work.</summary>
    private const double LargestFrame = 0.9;

    /// <summary>Rounds in which start and slownesses are fitted to each other.</summary>
    private const int Rounds = 12;

    private const int Digits = 9;

    /// <summary>With one more line.</summary>
    public WorkFit With(double work, double seconds)
    {
        work = Math.Max(work, 1);
        var weight = Math.Pow(work, Power);
        return Plus(new WorkFit(
            1, weight, weight * work, weight * work * work, weight * seconds, weight * work * seconds, weight * seconds * seconds));
    }

    /// <summary>The lines of both.</summary>
    public WorkFit Plus(WorkFit other) => new(
        Count + other.Count,
        Weight + other.Weight,
        Work + other.Work,
        WorkSquares + other.WorkSquares,
        Seconds + other.Seconds,
        Products + other.Products,
        SecondsSquares + other.SecondsSquares);

    /// <summary>To as many digits as are worth writing down.</summary>
    public WorkFit Rounded() => new(
        Count, Round(Weight), Round(Work), Round(WorkSquares), Round(Seconds), Round(Products), Round(SecondsSquares));

    /// <summary>By which factor these lines are slower than others of the same work, as a logarithm, and its standard error.</summary>
    /// <returns>Null where the work does not tell how long lines take.</returns>
    public (double Slower, double Error)? SlowerThan(WorkFit other)
    {
        // Below zero where part of the work is there in every line and costs nothing, such as the frame of an answer.
        var least = -LargestFrame * Math.Min(Work / Weight, other.Work / other.Weight);
        var start = 0.0;
        for (var round = 0; round < Rounds; round++)
        {
            start = Math.Max(least, StartWith(other, Slowness(start), other.Slowness(start)));
        }

        // How far lines stray is told from both: that much they have in common.
        var (left, right) = (Stray(start), other.Stray(start));
        var scatter = (left + right) / Math.Max(1, Count + other.Count - 3);
        var share = Math.Sqrt((left + right) / (Size(start) + other.Size(start)));
        var explained = 1 - Math.Max(left / Spread(start), right / other.Spread(start));
        var isFew = Math.Min(Count, other.Count) < Few && WorkDiffers && other.WorkDiffers;
        return share < MostScatter && (explained > LeastExplained || isFew)
            ? (
                Math.Log(Slowness(start) / other.Slowness(start)),
                Math.Sqrt(Variance(start, scatter) + other.Variance(start, scatter)) * (1 + (1.5 / Math.Min(Count, other.Count))))
            : null;
    }

    /// <summary>Whether the work tells how long these lines take.</summary>
    [JsonIgnore]
    public bool Tells => Count >= Cohort.Fewest && SlowerThan(this) is not null;

    private bool WorkDiffers => (WorkSquares * Weight) - (Work * Work) > Differs * Differs * Work * Work;

    private double StartWith(WorkFit other, double mine, double its) =>
        ((mine * (Seconds - (mine * Work))) + (its * (other.Seconds - (its * other.Work))))
            / ((mine * mine * Weight) + (its * its * other.Weight));

    private double Slowness(double start) => ((start * Seconds) + Products) / Size(start);

    private double Size(double start) => (start * start * Weight) + (2 * start * Work) + WorkSquares;

    /// <summary>The weighted sum of squares by which lines stray, at the slowness one.</summary>
    private double Stray(double start) =>
        Math.Max(0, (SecondsSquares / Math.Pow(Slowness(start), 2)) - Size(start));

    private double Spread(double start) =>
        Math.Max(double.Epsilon, (SecondsSquares - (Seconds * Seconds / Weight)) / Math.Pow(Slowness(start), 2));

    private double Variance(double start, double scatter) => Math.Max(scatter / Size(start), LeastScatter * LeastScatter / Count);

    private static double Round(double value)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return 0;
        }

        var digits = Digits - 1 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return digits is >= 0 and <= 15 ? Math.Round(value, digits) : value;
    }
}
