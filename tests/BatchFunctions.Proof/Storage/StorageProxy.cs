using BatchFunctions.Testing;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Proof.Storage;

/// <summary>Stands between workers and storage (<see cref="StorageFront"/>), and does what a <see cref="FaultPlan"/> says.</summary>
internal sealed class StorageProxy : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly FaultPlan _faults;
    private readonly SlowLine? _blobs;
    private StorageFront _front = null!;

    private StorageProxy(FaultPlan faults, SlowLine? blobs)
    {
        _faults = faults;
        _blobs = blobs;
    }

    /// <summary>Starts it in front of storage.</summary>
    /// <param name="connection">The connection string of any account there.</param>
    /// <param name="faults">What fails.</param>
    /// <param name="blobs">How fast blobs are written; null for as fast as they come.</param>
    public static async Task<StorageProxy> StartAsync(string connection, FaultPlan faults, SlowLine? blobs = null)
    {
        var proxy = new StorageProxy(faults, blobs);
        proxy._front = await StorageFront.StartAsync(connection, proxy.HandleAsync);
        return proxy;
    }

    /// <inheritdoc cref="StorageFront.Follow"/>
    public void Follow(string connection) => _front.Follow(connection);

    /// <inheritdoc cref="StorageFront.ConnectionString"/>
    public string ConnectionString(string connection) => _front.ConnectionString(connection);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _front.DisposeAsync();
        _ended.Dispose();
    }

    private async Task HandleAsync(StorageFront front, HttpContext context, string service, byte[] body)
    {
        if (_blobs is not null && service == StorageFront.Blobs)
        {
            await _blobs.PassAsync(body.Length, context.RequestAborted);
        }

        var fault = _faults.NextFault();
        if (fault is Fault.RequestLost)
        {
            context.Abort();
            return;
        }

        if (fault is Fault.ServerError or Fault.ServerBusy)
        {
            context.Response.StatusCode = fault is Fault.ServerBusy ? 503 : 500;
            return;
        }

        using var answer = await front.PassOnAsync(context.Request, service, body);
        if (IsSend(context.Request) && _faults.NextRepeat() is { } delay)
        {
            _ = SendAgainAsync(front, front.RequestOf(context.Request, service, body), delay);
        }

        if (fault is Fault.AnswerLost)
        {
            context.Abort();
            return;
        }

        await StorageFront.AnswerAsync(context.Response, answer);
    }

    private static bool IsSend(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.Path.Value!.EndsWith("/messages", StringComparison.Ordinal);

    private async Task SendAgainAsync(StorageFront front, HttpRequestMessage request, TimeSpan delay)
    {
        using (request)
        {
            try
            {
                await Task.Delay(delay, _ended.Token);
                using var answer = await front.SendAsync(request, _ended.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // Storage is down: the one message that was sent is there, and the other is not owed.
            }
        }
    }
}
