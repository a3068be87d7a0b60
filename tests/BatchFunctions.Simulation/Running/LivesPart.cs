using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Simulation.Workers;

namespace BatchFunctions.Simulation.Running;

/// <summary>The lives that one process of several runs, one after the other. It tells on its standard output how it goes.</summary>
internal static class LivesPart
{
    /// <summary>The option that names a part: <c>first seed:step:lives:seconds</c>, or <c>kept:first:step:seconds</c> of the list of kept seeds.</summary>
    public const string Option = "--part";

    public const string BrokenMark = "broken";
    public const string LivedMark = "lived";

    private const string KeptMark = "kept";

    /// <summary>How many seconds may go by for one of processor time: a machine with other things to do takes longer, and not for ever.</summary>
    private const int Patience = 5;

    /// <param name="from">The first seed.</param>
    /// <param name="step">How far the seeds are apart.</param>
    /// <param name="lives">How many lives.</param>
    /// <param name="limit">After how much of the process's processor time no other life begins.</param>
    public static string Of(int from, int step, int lives, TimeSpan limit) =>
        string.Create(CultureInfo.InvariantCulture, $"{from}:{step}:{lives}:{(int)limit.TotalSeconds}");

    /// <param name="first">The first of the kept seeds.</param>
    /// <param name="step">How far they are apart in their list.</param>
    /// <param name="limit">After how much of the process's processor time no other life begins.</param>
    public static string OfKept(int first, int step, TimeSpan limit) =>
        string.Create(CultureInfo.InvariantCulture, $"{KeptMark}:{first}:{step}:{(int)limit.TotalSeconds}");

    public static async Task<int> RunAsync(string part, ServiceVersion? other, TextWriter output)
    {
        var words = part.Split(':');
        var seconds = Number(words[3]);
        var seeds = words[0] == KeptMark
            ? ManyLives.Kept.Where((_, at) => at % Number(words[2]) == Number(words[1]))
            : Enumerable.Range(0, Number(words[2])).Select(number => Number(words[0]) + (number * Number(words[1])));
        var clock = Stopwatch.StartNew();
        var worked = TimeSpan.Zero;
        foreach (var seed in seeds.TakeWhile(_ => worked.TotalSeconds < seconds && clock.Elapsed.TotalSeconds < seconds * Patience))
        {
            var life = await SingleLife.RunAsync(seed, other);
            var (before, now) = (worked, Environment.CpuUsage.TotalTime);
            worked = now;
            foreach (var violation in life.Violations)
            {
                await output.WriteLineAsync($"{BrokenMark} {seed} {violation.ReplaceLineEndings(" | ")}");
            }

            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{LivedMark} {seed} {life.Agenda.Past} {(now - before).TotalMilliseconds:0}"));
            await output.FlushAsync();
        }

        return 0;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
