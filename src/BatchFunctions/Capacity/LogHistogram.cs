using System.Text.Json.Serialization;

namespace BatchFunctions.Capacity;

/// <summary>Counts of durations, in bins of equal width on a logarithmic scale: three to each doubling, from a millisecond up.</summary>
/// <param name="First">The bin of the first count.</param>
/// <param name="Counts">The counts of the bins from there; the last is not zero.</param>
internal sealed record LogHistogram(
    [property: JsonPropertyName("f")] int First,
    [property: JsonPropertyName("c")] IReadOnlyList<int> Counts)
{
    /// <summary>Bins to a doubling.</summary>
    private const int PerDoubling = 3;

    /// <summary>The shortest duration that is told from shorter ones, in seconds.</summary>
    private const double Shortest = 0.001;

    /// <summary>Bins; the last takes all that is longer than about a day.</summary>
    public const int Bins = 80;

    /// <summary>No counts.</summary>
    public static LogHistogram Empty { get; } = new(0, []);

    /// <summary>The bin behind the last that holds a count.</summary>
    [JsonIgnore]
    public int End => First + Counts.Count;

    /// <summary>The sum of all counts.</summary>
    [JsonIgnore]
    public int Total => Counts.Sum();

    /// <summary>The count of a bin.</summary>
    public int this[int bin] => bin >= First && bin < End ? Counts[bin - First] : 0;

    /// <summary>Which bin a duration belongs to.</summary>
    public static int BinOf(TimeSpan duration) =>
        Math.Clamp((int)Math.Floor(Math.Log2(Math.Max(duration.TotalSeconds, Shortest) / Shortest) * PerDoubling), 0, Bins - 1);

    /// <summary>Where a bin begins, in seconds.</summary>
    public static double Begin(int bin) => bin == 0 ? 0 : Shortest * Math.Pow(2, (double)bin / PerDoubling);

    /// <summary>Makes a histogram of the counts of all bins.</summary>
    public static LogHistogram Of(ReadOnlySpan<int> counts)
    {
        var first = counts.IndexOfAnyExcept(0);
        return first < 0 ? Empty : new(first, counts[first..(counts.LastIndexOfAnyExcept(0) + 1)].ToArray());
    }

    /// <summary>New counts, one for each bin.</summary>
    public static int[] NewCounts() => new int[Bins];

    /// <summary>The counts of both.</summary>
    public LogHistogram Plus(LogHistogram other)
    {
        var counts = NewCounts();
        for (var bin = 0; bin < counts.Length; bin++)
        {
            counts[bin] = this[bin] + other[bin];
        }

        return Of(counts);
    }
}
