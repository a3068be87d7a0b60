using System.Text.Json.Serialization;

namespace BatchFunctions.Capacity;

/// <summary>Lines that were sent while the limit stayed the same, and how long they took.</summary>
/// <param name="Lines">How many were in flight at once.</param>
/// <param name="Fit">How long those took that went through, against their work.</param>
/// <param name="Ended">How long those took that went through.</param>
/// <param name="Flying">How long the others had been in flight when they were last looked at.</param>
internal sealed record Cohort(
    [property: JsonPropertyName("n")] double Lines,
    [property: JsonPropertyName("fit")] WorkFit Fit,
    [property: JsonPropertyName("e")] LogHistogram Ended,
    [property: JsonPropertyName("f")] LogHistogram Flying)
{
    /// <summary>Of lines in flight, the fewest that must have ended for anything to be told.</summary>
    public const int Fewest = 3;

    /// <summary>By how many standard errors lines must seem stuck before the work of those that ended is not asked any more.</summary>
    private const double Stuck = 3;

    /// <summary>How much more of the lines' work this cohort got done in a second than another, as a logarithm, and its standard error.</summary>
    /// <remarks>
    /// By Little's law throughput is lines in flight over the time that a line takes. Where the work of a line says how long it takes,
    /// both cohorts are compared at the same work. Where it does not, what is compared is how long lines were in flight up to an
    /// age which both have reached, those still in flight included, and the factor is taken by which the one's durations would
    /// have to be stretched to be the other's. Lines that starve end in no fit, and are seen by that alone.
    /// </remarks>
    public (double Gain, double Error) GainOver(Cohort other)
    {
        var lines = Math.Log(Math.Max(Lines, 1) / Math.Max(other.Lines, 1));
        var (stretch, error) = Survival.Stretch(other, this);
        return Fit.Count >= Fewest
            && other.Fit.Count >= Fewest
            && Fit.SlowerThan(other.Fit) is var (slower, byWork)
            && byWork < error
            && stretch - slower < Stuck * error
                ? (lines - slower, byWork)
                : (lines - stretch, error);
    }

    /// <summary>Both, where the limit was the same.</summary>
    public Cohort Plus(Cohort other) => new(
        Math.Round((Lines + other.Lines) / 2, 1), Fit.Plus(other.Fit).Rounded(), Ended.Plus(other.Ended), Flying.Plus(other.Flying));
}
