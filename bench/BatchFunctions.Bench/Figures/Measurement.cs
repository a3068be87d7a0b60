using System.Globalization;

namespace BatchFunctions.Bench.Figures;

/// <summary>One line of the report.</summary>
/// <param name="Name">The figure's name, and which of its cases this is.</param>
/// <param name="Value">A ratio or a count.</param>
/// <param name="Unit">What the value counts.</param>
/// <param name="Note">What it was made of.</param>
/// <param name="Target">What it must come to; null where it is only told.</param>
internal sealed record Measurement(string Name, double Value, string Unit, string Note, Target? Target = null)
{
    /// <summary>Whether the target is reached; null where there is none.</summary>
    public bool? IsReached => Target?.IsReachedBy(Value);

    public override string ToString()
    {
        var target = Target is null ? "" : $"; {Target}: {(IsReached == true ? "reached" : "MISSED")}";
        return string.Create(CultureInfo.InvariantCulture, $"{Name} = {Value:0.###} {Unit} ({Note}{target})");
    }
}

/// <summary>What a measurement must come to.</summary>
internal sealed record Target(string Words, double Limit)
{
    private const string Most = "at most";
    private const string Least = "at least";
    private const string Exact = "exactly";

    public static Target AtMost(double limit) => new(Most, limit);

    public static Target AtLeast(double limit) => new(Least, limit);

    public static Target Exactly(double limit) => new(Exact, limit);

    public bool IsReachedBy(double value) => Words switch
    {
        Most => value <= Limit,
        Least => value >= Limit,
        _ => value.Equals(Limit),
    };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Words} {Limit:0.###}");
}
