using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using BatchFunctions.Testing;

namespace BatchFunctions.Proof.Upstream;

/// <summary>
/// Stands in the place of the HTTP client's sockets and answers as a scenario says, on the scenario's clock: successes after the
/// scenario's latency, everything else at once.
/// </summary>
internal sealed class RoughUpstream(RoughScenario scenario, TimeProvider time) : HttpMessageHandler
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(10);

    private readonly Lock _lock = new();
    private readonly RoughServer _server = new();
    private readonly Dictionary<int, int> _numbers = [];
    private readonly ConcurrentQueue<AnsweredCall> _answered = new();
    private DateTimeOffset? _began;

    /// <summary>All calls, in the order of their answers.</summary>
    public IReadOnlyCollection<AnsweredCall> Answered => _answered;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Get)
        {
            lock (_lock)
            {
                return Now() < _server.DownUntil ? throw Refused() : new HttpResponseMessage(HttpStatusCode.OK);
            }
        }

        var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
        RoughCall call;
        ScriptedAnswer answer;
        TimeSpan latency;
        int deaths;
        lock (_lock)
        {
            var line = int.Parse(
                Encoding.UTF8.GetString(body).Split("marker=")[1].Split('"')[0], CultureInfo.InvariantCulture);
            _numbers[line] = _numbers.GetValueOrDefault(line) + 1;
            call = new RoughCall(line, _numbers[line], Now());
            _server.InFlight++;
            deaths = _server.Deaths;
            answer = call.At < _server.DownUntil ? ScriptedAnswer.ConnectionRefused() : scenario.Answer(call, _server);
            latency = answer is { Status: 200, End: ScriptedAnswer.Ending.Whole } ? scenario.Latency(call, _server) : AtOnce;
        }

        var name = "gone";
        try
        {
            await Task.Delay(latency, time, cancellationToken);
            name = _server.Deaths != deaths || answer.End == ScriptedAnswer.Ending.Reset ? "reset"
                : answer.End == ScriptedAnswer.Ending.Refused ? "refused"
                : answer.Status.ToString(CultureInfo.InvariantCulture);
            return name switch
            {
                "reset" => throw new HttpRequestException(HttpRequestError.ResponseEnded, "Connection reset"),
                "refused" => throw Refused(),
                _ => ToResponse(answer),
            };
        }
        finally
        {
            lock (_lock)
            {
                _server.InFlight--;
                _answered.Enqueue(new AnsweredCall(call, name, Now()));
            }
        }
    }

    private static HttpRequestException Refused() => new(HttpRequestError.ConnectionError, "Connection refused");

    private static HttpResponseMessage ToResponse(ScriptedAnswer answer)
    {
        HttpContent content = answer.End == ScriptedAnswer.Ending.CutOff
            ? new StreamContent(new CutOffStream(answer.Body[..(answer.Body.Length / 2)]))
            : new ByteArrayContent(answer.Body);
        content.Headers.TryAddWithoutValidation("Content-Type", answer.ContentType);
        var response = new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = content };
        foreach (var (name, value) in answer.Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return response;
    }

    private TimeSpan Now()
    {
        _began ??= time.GetUtcNow();
        return time.GetUtcNow() - _began.Value;
    }
}
