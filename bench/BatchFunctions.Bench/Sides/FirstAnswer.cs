using System.Diagnostics;
using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Sides;

/// <summary>How long a program takes from its start to its first answer.</summary>
internal static class FirstAnswer
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Asks again and again from the start on, as soon as it is refused, and ends the program.</summary>
    /// <param name="start">Starts it at an address.</param>
    /// <param name="clientOf">A client for the address.</param>
    /// <param name="path">What is asked for.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Milliseconds.</returns>
    public static async Task<double> TimeAsync(
        Func<Uri, ChildProcess> start, Func<Uri, HttpClient> clientOf, string path, CancellationToken ct)
    {
        var address = FreeAddress.New();
        using var client = clientOf(address);
        var began = Stopwatch.GetTimestamp();
        using var process = start(address);
        while (Stopwatch.GetElapsedTime(began) < Limit)
        {
            try
            {
                using var response = await client.GetAsync(new Uri(path, UriKind.Relative), ct);
                response.EnsureSuccessStatusCode();
                return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            }
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
            {
                await Task.Delay(1, ct);
            }
        }

        throw new TimeoutException($"There is no answer within {Limit.TotalSeconds:0} s: {string.Join(' ', process.Log)}");
    }
}
