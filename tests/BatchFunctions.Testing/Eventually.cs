using System.Diagnostics;

namespace BatchFunctions.Testing;

/// <summary>The one way in which tests wait for what happens elsewhere.</summary>
public static class Eventually
{
    private static readonly TimeSpan FirstGap = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestGap = TimeSpan.FromMilliseconds(200);

    /// <summary>Asks again and again until the condition holds.</summary>
    /// <param name="condition">What is waited for.</param>
    /// <param name="deadline">How long, at most.</param>
    /// <param name="what">What is waited for, in words, for the failure's message.</param>
    /// <exception cref="TimeoutException">It did not hold in time.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan deadline, string what)
    {
        var start = Stopwatch.GetTimestamp();
        var gap = FirstGap;
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > deadline)
            {
                throw new TimeoutException($"Not within {deadline.TotalSeconds:0.#} s: {what}.");
            }

            await Task.Delay(gap);
            gap = gap * 2 < LongestGap ? gap * 2 : LongestGap;
        }
    }

    /// <summary>Asks again and again until the condition holds, for half a minute at most.</summary>
    /// <param name="condition">What is waited for.</param>
    /// <param name="what">What is waited for, in words, for the failure's message.</param>
    /// <exception cref="TimeoutException">It did not hold in time.</exception>
    public static Task UntilAsync(Func<bool> condition, string what) =>
        UntilAsync(() => Task.FromResult(condition()), TimeSpan.FromSeconds(30), what);
}
