using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Simulation.Workers;

namespace BatchFunctions.Simulation.Running;

/// <summary>The lives that one process of several runs, one after the other. It tells on its standard output how it goes.</summary>
internal static class LivesPart
{
    /// <summary>The option that names a part: <c>first seed:step:lives:seconds</c>.</summary>
    public const string Option = "--part";

    public const string BrokenMark = "broken";
    public const string LivedMark = "lived";

    public static string Of(int from, int step, int lives, TimeSpan limit) =>
        string.Create(CultureInfo.InvariantCulture, $"{from}:{step}:{lives}:{(int)limit.TotalSeconds}");

    public static async Task<int> RunAsync(string part, ServiceVersion? other, TextWriter output)
    {
        var numbers = part.Split(':').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        var (from, step, lives, seconds) = (numbers[0], numbers[1], numbers[2], numbers[3]);
        var clock = Stopwatch.StartNew();
        var worked = TimeSpan.Zero;
        for (var number = 0; number < lives && clock.Elapsed.TotalSeconds < seconds; number++)
        {
            var seed = from + (number * step);
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
}
