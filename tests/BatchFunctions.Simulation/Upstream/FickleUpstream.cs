using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Storage;
using BatchFunctions.Simulation.Time;

namespace BatchFunctions.Simulation.Upstream;

/// <summary>
/// The upstream that all workers share, without sockets: it answers when the simulated time has come, and fails as the seed decides
/// until the life has become calm. A line that is its own fault fails whenever it is sent.
/// </summary>
internal sealed partial class FickleUpstream(LifePlan plan, Agenda agenda, Trace trace)
{
    public const int InputTokens = 7;
    public const int OutputTokens = 3;

    private readonly Dice _dice = new(plan.Seed, 4);

    /// <summary>What it does to everybody while it is away.</summary>
    private UpstreamFault AwayFault => plan.Seed % 2 == 0 ? UpstreamFault.Unreachable : UpstreamFault.Away;

    private int _number;

    /// <summary>Is told of each call as it comes, by the marker of its line.</summary>
    public Action<string, IHost>? Called { get; set; }

    /// <summary>Is told of each good answer that has come back into a process.</summary>
    public Action<string, IHost>? Answered { get; set; }

    /// <summary>The body of a line's request.</summary>
    public static string BodyOf(string marker) => $$"""{"model":"fickle","messages":[{"role":"user","content":"marker={{marker}}"}]}""";

    /// <summary>What a process reaches it by.</summary>
    public HttpMessageHandler WayFrom(IHost host, string name) => new Handler(this, host, name);

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, IHost host, string name, CancellationToken ct)
    {
        if (host.IsDead)
        {
            await new TaskCompletionSource().Task.ConfigureAwait(false);
        }

        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(ct).ConfigureAwait(false);
        var marker = Marker().Match(body).Groups[1].Value;
        if (marker.Length > 0)
        {
            Called?.Invoke(marker, host);
        }

        var isFault = marker.Length > 0 && agenda.Now < plan.CalmAt && _dice.Happens(plan.UpstreamFaults);
        var isAway = plan.UpstreamAway.Any(time => time.From <= agenda.Now && agenda.Now < time.Until);
        var fault = isAway ? AwayFault : isFault ? _dice.Of(Enum.GetValues<UpstreamFault>()) : UpstreamFault.None;
        var takes = isAway ? TimeSpan.FromMilliseconds(1) : fault == UpstreamFault.Silent ? TimeSpan.FromHours(2) : _dice.Seconds(plan.FastestLine, plan.SlowestLine);
        var came = new TaskCompletionSource();
        agenda.In(takes, host, () => came.TrySetResult());
        await using var cancelled = ct.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), came).ConfigureAwait(false);
        await came.Task.ConfigureAwait(false);
        trace.Add(name, $"upstream {marker} {fault}");
        if (marker.Length > 0 && fault == UpstreamFault.None)
        {
            Answered?.Invoke(marker, host);
        }

        return marker.Length == 0 && !isAway ? Of(200, """{"object":"list","data":[]}""") : Answer(marker, fault);
    }

    private HttpResponseMessage Answer(string marker, UpstreamFault fault) => fault switch
    {
        UpstreamFault.TooMany => Wait(Of(429, """{"error":{"message":"too many"}}""")),
        UpstreamFault.Broken => Of(500, """{"error":{"message":"broken"}}"""),
        UpstreamFault.Away => Of(503, """{"error":{"message":"away"}}"""),
        UpstreamFault.Unreachable => throw new HttpRequestException(HttpRequestError.ConnectionError, "By chance."),
        UpstreamFault.Reset => throw new HttpRequestException(HttpRequestError.ResponseEnded, "By chance."),
        UpstreamFault.Garbage => Of(200, "<html>"),
        UpstreamFault.CutOff => CutOff(Good(marker)),
        _ => marker.EndsWith('x') ? Of(400, """{"error":{"message":"not like this"}}""") : Of(200, Good(marker)),
    };

    private HttpResponseMessage Wait(HttpResponseMessage response)
    {
        response.Headers.TryAddWithoutValidation("Retry-After", _dice.Between(1, 40).ToString(CultureInfo.InvariantCulture));
        return response;
    }

    private string Good(string marker) =>
        $$$"""{"id":"answer-{{{++_number}}}","choices":[{"index":0,"message":{"role":"assistant","content":"{{{marker}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":{{{InputTokens}}},"completion_tokens":{{{OutputTokens}}},"total_tokens":{{{InputTokens + OutputTokens}}}}}""";

    private static HttpResponseMessage Of(int status, string body) => new((HttpStatusCode)status)
    {
        Content = new StringContent(body, Encoding.UTF8, "application/json"),
    };

    private static HttpResponseMessage CutOff(string body)
    {
        var content = new StreamContent(new CutOffStream(new MemoryStream(Encoding.UTF8.GetBytes(body))));
        content.Headers.ContentType = new("application/json");
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    }

    [GeneratedRegex("marker=([a-z0-9-]+)")]
    private static partial Regex Marker();

    private sealed class Handler(FickleUpstream upstream, IHost host, string name) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            upstream.AnswerAsync(request, host, name, cancellationToken);
    }
}

/// <summary>What the upstream may do instead of answering.</summary>
internal enum UpstreamFault
{
    None,
    TooMany,
    Broken,
    Away,
    Unreachable,
    Reset,
    Garbage,
    CutOff,
    Silent,
}
