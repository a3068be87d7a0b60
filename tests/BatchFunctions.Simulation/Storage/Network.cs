using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Rules;
using BatchFunctions.Simulation.Time;
using BatchFunctions.StrictStorage;
using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.Simulation.Storage;

/// <summary>
/// The way from one process to storage and back. A request takes effect at storage some time after it was sent, whatever has become of
/// the process by then; its answer comes back into the process, if that still lives.
/// </summary>
internal sealed class Network(Agenda agenda, StorageAccount account, IHost host, string name, Weather weather, Trace trace, LifeWatch watch) : HttpPipelineTransport
{
    private static readonly HttpClientTransport Requests = new();

    /// <summary>Is told of each request that storage has answered.</summary>
    public Action<StorageRequest, StorageResponse>? Requested { get; init; }

    /// <summary>What is in store for a request, by the id that its repetitions have as well; null for nothing.</summary>
    public Func<StorageRequest, string, Ambush?>? Ambush { get; init; }

    /// <summary>Has the process meet it, and says for how long the one task stands still.</summary>
    public Func<Ambush, TimeSpan>? Befall { get; init; }

    public override Request CreateRequest() => Requests.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException("All calls are asynchronous.");

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        if (host.IsDead)
        {
            await new TaskCompletionSource().Task.ConfigureAwait(false);
        }

        var request = await StorageRequest.ReadAsync(message.Request, message.CancellationToken).ConfigureAwait(false);
        var ambush = Ambush?.Invoke(request, message.Request.ClientRequestId);
        if (ambush?.Kind is AmbushKind.HoldUp or AmbushKind.Freeze)
        {
            await StandStillAsync(Befall!(ambush)).ConfigureAwait(false);
        }

        var answered = new TaskCompletionSource<StorageResponse>();
        var fate = FateOf(request, ambush);
        agenda.In(fate.Before, null, () => Arrive(request, fate, ambush, answered));
        var limit = agenda.In(
            TimeoutKeeper.Of(message), host, () => answered.TrySetException(new TaskCanceledException($"The operation was cancelled because it exceeded the configured timeout: {request}")));
        await using var cancelled = message.CancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<StorageResponse>)state!).TrySetCanceled(token), answered).ConfigureAwait(false);
        try
        {
            message.Response = await answered.Task.ConfigureAwait(false);
        }
        finally
        {
            limit.CallOff();
        }

        message.Response.ClientRequestId = message.Request.ClientRequestId;
    }

    private StorageFate FateOf(StorageRequest request, Ambush? ambush)
    {
        var fate = weather.FateOf(request);
        return ambush?.Kind switch
        {
            AmbushKind.AnswerLost or AmbushKind.AnswerLostAndFreeze => fate with { Fault = StorageFault.AnswerLost },
            AmbushKind.Failed => fate with { Fault = StorageFault.Failed },
            _ => fate,
        };
    }

    /// <summary>Lets the task wait before its request is sent; what is frozen wakes first.</summary>
    private Task StandStillAsync(TimeSpan time)
    {
        var over = new TaskCompletionSource();
        agenda.In(time, host, over.SetResult);
        return over.Task;
    }

    private void Arrive(StorageRequest request, StorageFate fate, Ambush? ambush, TaskCompletionSource<StorageResponse> answered)
    {
        // What a dead process had sent may have left it, or not.
        var fault = fate.Fault == StorageFault.None && host.IsDead && weather.IsLostWithItsSender() ? StorageFault.RequestLost : fate.Fault;
        watch.Writer = host;
        var response = fault switch
        {
            StorageFault.RequestLost => null,
            StorageFault.ServerBusy => Refuse(request, 503, "ServerBusy"),
            StorageFault.Failed => Refuse(request, 500, "InternalError"),
            StorageFault.TimedOut => TimeOut(request),
            _ => account.Answer(request),
        };
        if (response is not null)
        {
            Requested?.Invoke(request, response);
        }

        if (fault == StorageFault.None && response is { Status: 200 or 206, ContentStream: { Length: > 1 } body } && weather.IsCutOff())
        {
            response.ContentStream = new CutOffStream(body);
            fault = StorageFault.AnswerLost;
            agenda.In(fate.After, host, () => answered.TrySetResult(response));
        }
        else
        {
            agenda.In(fate.After, host, () =>
            {
                _ = response is null || fault == StorageFault.AnswerLost
                    ? answered.TrySetException(new RequestFailedException($"No answer came: {request}", new HttpRequestException("By chance.")))
                    : answered.TrySetResult(response);
            });
        }

        if (ambush?.Kind is AmbushKind.Death or AmbushKind.AnswerLostAndFreeze)
        {
            Befall!(ambush);
        }

        trace.Add(name, $"{request} {(response is null ? "not sent" : response.Status)}{(fault == StorageFault.None ? "" : $" ({fault})")}");
    }

    private StorageResponse TimeOut(StorageRequest request)
    {
        account.Answer(request);
        return Refuse(request, 500, "OperationTimedOut");
    }

    private StorageResponse Refuse(StorageRequest request, int status, string code) =>
        ErrorBodies.ResponseOf(request, new StorageException(status, code, $"{code}, by chance."), agenda.UtcNow);
}
