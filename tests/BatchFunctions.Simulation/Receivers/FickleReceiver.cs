using System.Globalization;
using System.Net;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Receivers;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Time;
using BatchFunctions.Webhooks;

namespace BatchFunctions.Simulation.Receivers;

/// <summary>
/// Where all projects have their events sent, without sockets: it fails half the time until the life has become calm, and notes what it
/// takes. Nothing may be said there but how a batch has ended, once it has.
/// </summary>
internal sealed class FickleReceiver(Life life)
{
    /// <summary>Where it is.</summary>
    public const string Address = "https://receiver.invalid/";

    /// <summary>What its events are signed with.</summary>
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private const string Rule = "nobody is told anything wrong";

    private readonly Dice _dice = new(life.Plan.Seed, 6);
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);

    /// <summary>Batches of which it has been told, and when it has first taken it.</summary>
    public Dictionary<string, TimeSpan> Taken { get; } = new(StringComparer.Ordinal);

    /// <summary>What a process reaches it by.</summary>
    public HttpMessageHandler WayFrom(IHost host, string name) => new Handler(this, host, name);

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, IHost host, string name, CancellationToken ct)
    {
        if (host.IsDead)
        {
            await new TaskCompletionSource().Task.ConfigureAwait(false);
        }

        var body = await request.Content!.ReadAsByteArrayAsync(ct).ConfigureAwait(false);
        var batch = Look(request, body);
        var isCalm = life.Agenda.Now >= life.Plan.CalmAt;
        var fault = life.Agenda.Now < life.Plan.ReceiverAwayUntil ? ReceiverFault.Refused : isCalm || _dice.Happens(0.5) ? ReceiverFault.None : _dice.Of(Enum.GetValues<ReceiverFault>());
        if (fault is ReceiverFault.None or ReceiverFault.AnswerLost)
        {
            Taken.TryAdd(batch, life.Agenda.Now);
        }

        var came = new TaskCompletionSource();
        life.Agenda.In(fault == ReceiverFault.Silent ? TimeSpan.FromHours(1) : _dice.Seconds(0.02, 5), host, () => came.TrySetResult());
        await using var cancelled = ct.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), came).ConfigureAwait(false);
        await came.Task.ConfigureAwait(false);
        life.Trace.Add(name, $"tells of {batch}: {fault}");
        return fault switch
        {
            ReceiverFault.Refused => Of(HttpStatusCode.ServiceUnavailable, _dice.Between(1, 90)),
            ReceiverFault.Moved => Of(HttpStatusCode.TemporaryRedirect, null),
            ReceiverFault.Reset or ReceiverFault.AnswerLost => throw new HttpRequestException(HttpRequestError.ResponseEnded, "By chance."),
            _ => Of(HttpStatusCode.NoContent, null),
        };
    }

    /// <summary>Holds what is said against the batch as it is.</summary>
    /// <returns>The batch's id.</returns>
    private string Look(HttpRequestMessage request, byte[] body)
    {
        var json = JsonSerializer.Deserialize<JsonElement>(body);
        var id = json.GetProperty("data").GetProperty("id").GetString()!;
        var type = json.GetProperty("type").GetString();
        string Header(string header) => request.Headers.GetValues(header).Single();
        var time = long.Parse(Header(EventSignature.TimeHeader), CultureInfo.InvariantCulture);
        if (Header(EventSignature.Header) != EventSignature.Of([Secret], Header(EventSignature.IdHeader), time, body))
        {
            life.Violate(Rule, $"{id}: the signature is not the event's");
        }

        if (!life.Watch.Batches.TryGetValue(id, out var batch) || !batch.Status.HasEnded() || type != EventTypes.Of(batch.Status))
        {
            life.Violate(Rule, $"{id} is {batch?.Status}, and {type} was said");
        }

        if (!_ids.TryAdd(id, Header(EventSignature.IdHeader)) && _ids[id] != Header(EventSignature.IdHeader))
        {
            life.Violate("an event has one id", id);
        }

        return id;
    }

    private static HttpResponseMessage Of(HttpStatusCode status, int? retryAfter)
    {
        var response = new HttpResponseMessage(status);
        if (retryAfter is { } seconds)
        {
            response.Headers.TryAddWithoutValidation("Retry-After", seconds.ToString(CultureInfo.InvariantCulture));
        }

        return response;
    }

    private sealed class Handler(FickleReceiver receiver, IHost host, string name) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            receiver.AnswerAsync(request, host, name, cancellationToken);
    }
}

/// <summary>What the receiver may do instead of taking an event, or with it.</summary>
internal enum ReceiverFault
{
    None,
    Refused,
    Moved,
    Reset,
    AnswerLost,
    Silent,
}
