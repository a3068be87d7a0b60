using System.Text.Json.Serialization;

namespace BatchFunctions.Capacity;

/// <summary>
/// How long lines took against the work that they were, as a straight line fitted by least squares. With the work known, how long a
/// line of a given size takes is told from few lines, though their sizes differ a hundredfold.
/// </summary>
/// <param name="Count">Lines.</param>
/// <param name="Work">Their mean work.</param>
/// <param name="Seconds">Their mean duration.</param>
/// <param name="WorkSquares">The sum of squares of the work about its mean.</param>
/// <param name="Products">The sum of products of both about their means.</param>
/// <param name="SecondsSquares">The sum of squares of the durations about their mean.</param>
internal readonly record struct WorkFit(
    [property: JsonPropertyName("n")] int Count,
    [property: JsonPropertyName("w")] double Work,
    [property: JsonPropertyName("d")] double Seconds,
    [property: JsonPropertyName("ww")] double WorkSquares,
    [property: JsonPropertyName("wd")] double Products,
    [property: JsonPropertyName("dd")] double SecondsSquares)
{
    /// <summary>The least that is believed of the scatter about the line, as a share of the duration: few lines may agree by chance.</summary>
    private const double LeastScatter = 0.05;

    /// <summary>Which share of the durations' variance the work explains: from 0 to 1.</summary>
    [JsonIgnore]
    public double Explained => Slope > 0 && SecondsSquares > 0 ? Math.Min(1, Slope * Products / SecondsSquares) : 0;

    private double Slope => WorkSquares > 0 ? Products / WorkSquares : 0;

    /// <summary>With one more line.</summary>
    public WorkFit With(double work, double seconds)
    {
        var count = Count + 1;
        var (toWork, toSeconds) = (work - Work, seconds - Seconds);
        var share = (double)Count / count;
        return new(
            count,
            Work + (toWork / count),
            Seconds + (toSeconds / count),
            WorkSquares + (toWork * toWork * share),
            Products + (toWork * toSeconds * share),
            SecondsSquares + (toSeconds * toSeconds * share));
    }

    /// <summary>The lines of both.</summary>
    public WorkFit Plus(WorkFit other)
    {
        var count = Count + other.Count;
        if (count == 0)
        {
            return this;
        }

        var (toWork, toSeconds) = (other.Work - Work, other.Seconds - Seconds);
        var share = (double)other.Count / count;
        var weight = Count * share;
        return new(
            count,
            Work + (toWork * share),
            Seconds + (toSeconds * share),
            WorkSquares + other.WorkSquares + (toWork * toWork * weight),
            Products + other.Products + (toWork * toSeconds * weight),
            SecondsSquares + other.SecondsSquares + (toSeconds * toSeconds * weight));
    }

    /// <summary>To as many digits as are worth writing down.</summary>
    public WorkFit Rounded() => new(
        Count, Round(Work), Round(Seconds), Round(WorkSquares), Round(Products), Round(SecondsSquares));

    /// <summary>How long a line of this work takes, in seconds, and the standard error of that as a share of it.</summary>
    public (double Seconds, double Error) At(double work)
    {
        var seconds = Math.Max(Seconds + (Slope * (work - Work)), Seconds / 100);
        var scatter = Math.Max(
            Math.Max(0, SecondsSquares - (Slope * Products)) / Math.Max(1, Count - 2),
            Math.Pow(LeastScatter * Math.Max(seconds, Seconds), 2));
        var away = WorkSquares > 0 ? (work - Work) * (work - Work) / WorkSquares : 0;
        return (seconds, Math.Sqrt(scatter * ((1.0 / Count) + away)) / seconds);
    }

    private static double Round(double value)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return 0;
        }

        var unit = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) - 5);
        return unit >= 1 ? Math.Round(value / unit) * unit : Math.Round(value, Math.Min(15, (int)Math.Round(-Math.Log10(unit))));
    }
}
