using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.StrictStorage.Chance;

namespace BatchFunctions.StrictStorage.Http;

/// <summary>
/// Carries requests to an account without a socket, and lets happen to them what chance decides. It yields on the way there and
/// on the way back, so that requests which are made at once can come in between each other as they do over a network.
/// </summary>
internal sealed class StorageTransport(StorageAccount account) : HttpPipelineTransport
{
    /// <summary>Only makes requests: it never sends one.</summary>
    private static readonly HttpClientTransport Requests = new();

    public override Request CreateRequest() => Requests.CreateRequest();

    public override void Process(HttpMessage message) => ProcessAsync(message).AsTask().GetAwaiter().GetResult();

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        var ct = message.CancellationToken;
        var request = await StorageRequest.ReadAsync(message.Request, ct);
        var fate = account.Chance.FateOf(request);
        await PassAsync(fate.Before, ct);
        var response = fate.Fault switch
        {
            StorageFault.RequestLost => throw Lost(request, "request"),
            StorageFault.ServerBusy => Refuse(request, 503, "ServerBusy"),
            StorageFault.Failed => Refuse(request, 500, "InternalError"),
            _ => account.Answer(request),
        };
        await PassAsync(fate.After, ct);
        message.Response = fate.Fault switch
        {
            StorageFault.AnswerLost => throw Lost(request, "answer"),
            StorageFault.TimedOut => Refuse(request, 500, "OperationTimedOut"),
            _ => response,
        };
        message.Response.ClientRequestId = message.Request.ClientRequestId;
    }

    private async ValueTask PassAsync(TimeSpan delay, CancellationToken ct)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, account.Time, ct);
        }
        else
        {
            await Task.Yield();
            ct.ThrowIfCancellationRequested();
        }
    }

    private StorageResponse Refuse(StorageRequest request, int status, string code) =>
        ErrorBodies.ResponseOf(request, new StorageException(status, code, $"{code}, by chance."), account.Time.GetUtcNow());

    private static RequestFailedException Lost(StorageRequest request, string what) =>
        new($"The {what} was lost: {request}", new HttpRequestException("By chance."));
}
