using System.Diagnostics;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// The two sides of a ratio, measured by turns: what else the machine does meanwhile falls on both. The ratio is the
/// median of the rounds' own, since a round's two halves are nearest to each other.
/// </summary>
internal sealed record Interleaved(double Ours, double Bare, double Ratio)
{
    /// <summary>Measures both by turns, after rounds that are not counted.</summary>
    /// <param name="rounds">How often.</param>
    /// <param name="ours">One measurement of ours.</param>
    /// <param name="bare">One measurement of what it is compared with.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="warmUps">How many rounds are not counted.</param>
    public static async Task<Interleaved> MeasureAsync(
        int rounds, Func<Task<double>> ours, Func<Task<double>> bare, CancellationToken ct, int warmUps = 1)
    {
        for (var round = 0; round < warmUps; round++)
        {
            await ours();
            await bare();
        }

        return await MeasureWarmAsync(rounds, ours, bare, ct);
    }

    /// <inheritdoc cref="MeasureAsync"/>
    /// <summary>Measures both by turns, from the first round on.</summary>
    public static async Task<Interleaved> MeasureWarmAsync(
        int rounds, Func<Task<double>> ours, Func<Task<double>> bare, CancellationToken ct)
    {
        var pairs = new List<(double Ours, double Bare)>();
        for (var round = 0; round < rounds; round++)
        {
            ct.ThrowIfCancellationRequested();

            // Who comes first takes turns as well.
            if (round % 2 == 0)
            {
                var first = await ours();
                pairs.Add((first, await bare()));
            }
            else
            {
                var first = await bare();
                pairs.Add((await ours(), first));
            }
        }

        return new Interleaved(
            Median(pairs.Select(pair => pair.Ours)),
            Median(pairs.Select(pair => pair.Bare)),
            Median(pairs.Select(pair => pair.Ours / pair.Bare)));
    }

    /// <summary>How long something takes, in milliseconds.</summary>
    public static async Task<double> MillisecondsAsync(Func<Task> what)
    {
        var began = Stopwatch.GetTimestamp();
        await what();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    /// <summary>The middle value.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The value that this share of the values does not exceed.</summary>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
