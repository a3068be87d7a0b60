using System.Text.Json.Serialization;

namespace BatchFunctions.Capacity;

/// <summary>
/// How long lines took against the work that they were, as a straight line fitted by least squares, where long lines may stray
/// further from it than short ones. With the work known, how long a line of a given size takes is told from few lines, though
/// their sizes differ a hundredfold.
/// </summary>
/// <param name="Count">Lines.</param>
/// <param name="MeanWork">Their mean work.</param>
/// <param name="Weight">The sum of their weights: each line's is one over its work.</param>
/// <param name="Work">The weighted mean of their work.</param>
/// <param name="Seconds">The weighted mean of their durations.</param>
/// <param name="WorkSquares">The weighted sum of squares of the work about its mean.</param>
/// <param name="Products">The weighted sum of products of both about their means.</param>
/// <param name="SecondsSquares">The weighted sum of squares of the durations about their mean.</param>
internal readonly record struct WorkFit(
    [property: JsonPropertyName("n")] int Count,
    [property: JsonPropertyName("m")] double MeanWork,
    [property: JsonPropertyName("g")] double Weight,
    [property: JsonPropertyName("w")] double Work,
    [property: JsonPropertyName("d")] double Seconds,
    [property: JsonPropertyName("ww")] double WorkSquares,
    [property: JsonPropertyName("wd")] double Products,
    [property: JsonPropertyName("dd")] double SecondsSquares)
{
    /// <summary>The least that is believed of the scatter about the line, as a share of the duration: few lines may agree by chance.</summary>
    private const double LeastScatter = 0.05;

    private const int Digits = 6;

    /// <summary>Which share of the durations' variance the work explains: from 0 to 1.</summary>
    [JsonIgnore]
    public double Explained => Slope > 0 && SecondsSquares > 0 ? Math.Min(1, Slope * Products / SecondsSquares) : 0;

    private double Slope => WorkSquares > 0 ? Products / WorkSquares : 0;

    /// <summary>With one more line.</summary>
    public WorkFit With(double work, double seconds) =>
        Plus(new WorkFit(1, Math.Max(work, 1), 1 / Math.Max(work, 1), Math.Max(work, 1), seconds, 0, 0, 0));

    /// <summary>The lines of both.</summary>
    public WorkFit Plus(WorkFit other)
    {
        if (Count == 0 || other.Count == 0)
        {
            return Count == 0 ? other : this;
        }

        var count = Count + other.Count;
        var weight = Weight + other.Weight;
        var (toWork, toSeconds) = (other.Work - Work, other.Seconds - Seconds);
        var share = other.Weight / weight;
        var between = Weight * share;
        return new(
            count,
            MeanWork + ((other.MeanWork - MeanWork) * other.Count / count),
            weight,
            Work + (toWork * share),
            Seconds + (toSeconds * share),
            WorkSquares + other.WorkSquares + (toWork * toWork * between),
            Products + other.Products + (toWork * toSeconds * between),
            SecondsSquares + other.SecondsSquares + (toSeconds * toSeconds * between));
    }

    /// <summary>To as many digits as are worth writing down.</summary>
    public WorkFit Rounded() => new(
        Count, Round(MeanWork), Round(Weight), Round(Work), Round(Seconds), Round(WorkSquares), Round(Products), Round(SecondsSquares));

    /// <summary>How long a line of this work takes, in seconds, and the standard error of that as a share of it.</summary>
    public (double Seconds, double Error) At(double work)
    {
        var seconds = Math.Max(Seconds + (Slope * (work - Work)), Seconds / 100);
        var scatter = Math.Max(0, SecondsSquares - (Slope * Products)) / Math.Max(1, Count - 2) * (1 + (4.0 / Count));
        var away = WorkSquares > 0 ? (work - Work) * (work - Work) / WorkSquares : 0;
        var error = Math.Sqrt(scatter * ((1 / Weight) + away)) / seconds;
        return (seconds, Math.Max(error, LeastScatter / Math.Sqrt(Count)));
    }

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
