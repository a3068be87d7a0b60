using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace BatchFunctions.Bench.Sides;

/// <summary>All batches of a project, by way of the API: made by several clients at once, and waited for.</summary>
internal static class ManyBatches
{
    private const int Clients = 8;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);

    /// <summary>Creates a batch of each file.</summary>
    /// <returns>The time of each creation, in milliseconds.</returns>
    public static async Task<List<double>> CreateAsync(HttpClient client, IEnumerable<string> files, CancellationToken ct)
    {
        var times = new List<double>();
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = Clients, CancellationToken = ct }, async (file, token) =>
        {
            var began = Stopwatch.GetTimestamp();
            await BatchRun.CreateAsync(client, file, token);
            lock (times)
            {
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        });
        return times;
    }

    /// <summary>Waits until all have ended.</summary>
    public static Task EndAsync(HttpClient client, CancellationToken ct) =>
        UntilAsync(client, static status => status is "completed" or "failed" or "expired" or "cancelled", ct);

    /// <summary>Waits until all have been validated.</summary>
    public static Task ValidatedAsync(HttpClient client, CancellationToken ct) => UntilAsync(client, static status => status != "validating", ct);

    private static async Task UntilAsync(HttpClient client, Func<string, bool> isSo, CancellationToken ct)
    {
        while (!await AreAllAsync(client, isSo, ct))
        {
            await Task.Delay(Look, ct);
        }
    }

    /// <summary>Looks from the newest on, and no further than to the first that is not: mostly that is one page.</summary>
    private static async Task<bool> AreAllAsync(HttpClient client, Func<string, bool> isSo, CancellationToken ct)
    {
        for (var after = ""; ;)
        {
            var page = await client.GetFromJsonAsync<JsonElement>(new Uri("/v1/batches?limit=100" + after, UriKind.Relative), ct);
            if (!page.GetProperty("data").EnumerateArray().All(batch => isSo(batch.GetProperty("status").GetString()!)))
            {
                return false;
            }

            if (!page.GetProperty("has_more").GetBoolean())
            {
                return true;
            }

            after = "&after=" + page.GetProperty("last_id").GetString();
        }
    }
}
