using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Testing;

/// <summary>
/// An upstream for measurements: it answers every call alike, after a given time on a given clock. It stands in the place
/// of the HTTP client's sockets, or answers the requests of a server.
/// </summary>
/// <param name="pace">The time that a call takes, on average.</param>
/// <param name="spread">How much calls differ: by this part of the pace between the shortest and the longest, evenly.</param>
/// <param name="time">The clock.</param>
/// <param name="answerBytes">About how many bytes an answer has; no more than usual where it is 0.</param>
public sealed class PacedUpstream(TimeSpan pace, double spread, TimeProvider time, int answerBytes = 0) : HttpMessageHandler
{
    /// <summary>Multiples of it are spread evenly between whole numbers.</summary>
    private const double GoldenRatio = 0.6180339887498949;

    private static readonly byte[] UsualAnswer = """
        {"id":"chatcmpl-paced","object":"chat.completion","created":1700000000,"model":"paced","choices":[{"index":0,"message":{"role":"assistant","content":"The report says that everything went as it was planned, that two of the three shipments arrived before noon, and that the third is expected tomorrow."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":57,"completion_tokens":31,"total_tokens":88,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}
        """u8.ToArray();

    // After the first brace, so that what is read of an answer is read behind its bulk.
    private readonly byte[] _answer = answerBytes == 0
        ? UsualAnswer
        : [(byte)'{', .. "\"filler\":\""u8, .. Enumerable.Repeat((byte)'x', answerBytes), .. "\","u8, .. UsualAnswer.AsSpan(1)];

    private int _begun;
    private int _answered;
    private int _inFlight;

    /// <summary>Calls that have come.</summary>
    public int Begun => Volatile.Read(ref _begun);

    /// <summary>Calls that have been answered.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Calls that have come and are not answered, nor given up by their caller.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Answers a server's request.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        await context.Request.Body.CopyToAsync(Stream.Null);
        await PassAsync(context.RequestAborted);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = _answer.Length;
        await context.Response.BodyWriter.WriteAsync(_answer);
        Interlocked.Increment(ref _answered);
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await PassAsync(cancellationToken);
        var content = new ByteArrayContent(_answer);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        Interlocked.Increment(ref _answered);
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content, RequestMessage = request };
    }

    private async Task PassAsync(CancellationToken ct)
    {
        var position = Interlocked.Increment(ref _begun) * GoldenRatio % 1;
        var delay = pace * (1 + (spread * (position - 0.5)));
        Interlocked.Increment(ref _inFlight);
        try
        {
            if (delay > TimeSpan.Zero)
            {
                await Task.Delay(delay, time, ct);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }
}
