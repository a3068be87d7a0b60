using System.Net;
using System.Net.Http.Headers;

namespace BatchFunctions.Testing.Metering;

/// <summary>
/// An upstream in the place of the HTTP client's sockets, which takes a given time a line on a given clock: from half
/// to one and a half times as long, evenly spread, as lines differ in length.
/// </summary>
/// <param name="pace">The time that a line takes, on average.</param>
/// <param name="time">The clock.</param>
internal sealed class PacedUpstream(TimeSpan pace, TimeProvider time) : HttpMessageHandler
{
    /// <summary>Multiples of it are spread evenly between whole numbers.</summary>
    private const double GoldenRatio = 0.6180339887498949;

    private static readonly byte[] Answer = """
        {"id":"chatcmpl-paced","object":"chat.completion","created":1700000000,"model":"paced","choices":[{"index":0,"message":{"role":"assistant","content":"An answer."},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}
        """u8.ToArray();

    private long _calls;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var call = Interlocked.Increment(ref _calls);
        var delay = pace * (0.5 + (call * GoldenRatio % 1));
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, time, cancellationToken);
        }

        var content = new ByteArrayContent(Answer);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content, RequestMessage = request };
    }
}
