namespace BatchFunctions.Testing.Simulation;

/// <summary>What tells the work that a line was.</summary>
internal enum Told
{
    /// <summary>The answer's usage, within some percent of the time.</summary>
    Usage,

    /// <summary>The bytes of its answer, which vary more.</summary>
    Bytes,

    /// <summary>Nothing: all answers are alike.</summary>
    Nothing,
}

/// <summary>How long lines take, alone at the upstream: log-normal, clipped.</summary>
/// <param name="Shortest">The shortest, in seconds.</param>
/// <param name="Longest">The longest, in seconds.</param>
/// <param name="Sigma">The standard deviation of its logarithm, about the geometric mean of both.</param>
/// <param name="Told">What tells a line's work.</param>
internal sealed record LineShape(double Shortest, double Longest, double Sigma, Told Told)
{
    private const double TokensPerSecond = 50;

    public static LineShape Mixed(Told told) => new(0.05, 60, 1.5, told);

    public static LineShape Fast(Told told) => new(0.05, 1, 0.8, told);

    public static LineShape Slow(Told told) => new(5, 60, 0.7, told);

    /// <summary>The next line.</summary>
    public SimulatedLine Next(Random random)
    {
        var seconds = Math.Clamp(Math.Sqrt(Shortest * Longest) * Math.Exp(Sigma * Normal(random)), Shortest, Longest);
        var tokens = seconds * TokensPerSecond * Math.Exp(0.1 * Normal(random));
        var bytes = 300 + (4 * tokens * Math.Exp(0.25 * Normal(random)));
        return new SimulatedLine(seconds)
        {
            Tokens = Told == Told.Usage ? (long)Math.Ceiling(tokens) : 0,
            Bytes = Told == Told.Nothing ? 1000 : (long)bytes,
        };
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
