using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Bench.Sides;

/// <summary>An upstream that answers every line alike after a given time, and tells at <c>/calls</c> how many it has answered.</summary>
internal static class BenchUpstream
{
    public const string Name = "upstream";

    private const string CallsPath = "/calls";

    private static readonly byte[] Answer = """
        {"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"The report says that everything went as it was planned, that two of the three shipments arrived before noon, and that the third is expected tomorrow."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":57,"completion_tokens":31,"total_tokens":88,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}
        """u8.ToArray();

    public static RequestDelegate Create(string[] arguments)
    {
        var delay = TimeSpan.FromMilliseconds(int.Parse(arguments[0], CultureInfo.InvariantCulture));
        var calls = 0;
        return async context =>
        {
            if (context.Request.Path == CallsPath)
            {
                await context.Response.WriteAsync(calls.ToString(CultureInfo.InvariantCulture));
                return;
            }

            await context.Request.Body.CopyToAsync(Stream.Null);
            if (delay > TimeSpan.Zero)
            {
                await Task.Delay(delay);
            }

            context.Response.ContentType = "application/json";
            context.Response.ContentLength = Answer.Length;
            await context.Response.BodyWriter.WriteAsync(Answer);
            Interlocked.Increment(ref calls);
        };
    }

    /// <summary>How many calls it has answered.</summary>
    public static async Task<int> CallsAsync(HttpClient upstream, CancellationToken ct) => int.Parse(
        await upstream.GetStringAsync(new Uri(CallsPath, UriKind.Relative), ct), CultureInfo.InvariantCulture);
}
