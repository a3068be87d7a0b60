using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BatchFunctions.Proof.Storage;

/// <summary>
/// Stands between workers and storage, one listener for each of its services, and does what a <see cref="FaultPlan"/>
/// says. The account's own address is in every signature, so that nothing needs to be signed again. Where storage is
/// started anew on other ports, the proxy follows.
/// </summary>
internal sealed class StorageProxy : IAsyncDisposable
{
    private const string Blobs = "BlobEndpoint";

    private static readonly string[] Services = [Blobs, "QueueEndpoint", "TableEndpoint"];

    /// <summary>Headers of one connection, which are not passed on.</summary>
    private static readonly HashSet<string> OfConnection =
        new(StringComparer.OrdinalIgnoreCase) { "Host", "Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length" };

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false });
    private readonly CancellationTokenSource _ended = new();
    private readonly FaultPlan _faults;
    private readonly SlowLine? _blobs;
    private readonly WebApplication _app;
    private readonly Dictionary<int, string> _serviceByPort = [];
    private volatile Dictionary<string, Uri> _targets = [];

    private StorageProxy(FaultPlan faults, SlowLine? blobs)
    {
        _faults = faults;
        _blobs = blobs;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            foreach (var _ in Services)
            {
                kestrel.Listen(IPAddress.Loopback, 0);
            }

            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    /// <summary>Starts it in front of storage.</summary>
    /// <param name="connection">The connection string of any account there.</param>
    /// <param name="faults">What fails.</param>
    /// <param name="blobs">How fast blobs are written; null for as fast as they come.</param>
    public static async Task<StorageProxy> StartAsync(string connection, FaultPlan faults, SlowLine? blobs = null)
    {
        var proxy = new StorageProxy(faults, blobs);
        proxy.Follow(connection);
        await proxy._app.StartAsync();
        foreach (var (service, url) in Services.Zip(proxy._app.Urls))
        {
            proxy._serviceByPort[new Uri(url).Port] = service;
        }

        return proxy;
    }

    /// <summary>Passes on to where this connection string leads from now on.</summary>
    public void Follow(string connection)
    {
        var parts = PartsOf(connection);
        _targets = Services.ToDictionary(service => service, service => new Uri(new Uri(parts[service]), "/"));
    }

    /// <summary>The connection string of an account through the proxy.</summary>
    /// <param name="connection">The one that leads there without it.</param>
    public string ConnectionString(string connection)
    {
        var parts = PartsOf(connection);
        foreach (var (port, service) in _serviceByPort)
        {
            parts[service] = $"http://127.0.0.1:{port}{new Uri(parts[service]).AbsolutePath}";
        }

        return string.Concat(parts.Select(part => $"{part.Key}={part.Value};"));
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _http.Dispose();
        _ended.Dispose();
    }

    private static Dictionary<string, string> PartsOf(string connection) => connection
        .Split(';', StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.Split('=', 2))
        .ToDictionary(part => part[0], part => part[1]);

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            if (_blobs is not null && _serviceByPort[context.Connection.LocalPort] == Blobs)
            {
                await _blobs.PassAsync((int)body.Length, context.RequestAborted);
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

            using var answer = await PassOnAsync(context.Request, body.ToArray());
            if (IsSend(context.Request) && _faults.NextRepeat() is { } delay)
            {
                _ = SendAgainAsync(RequestOf(context.Request, body.ToArray()), delay);
            }

            if (fault is Fault.AnswerLost)
            {
                context.Abort();
                return;
            }

            await AnswerAsync(context.Response, answer);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // Storage is down, or the worker has died.
            context.Abort();
        }
    }

    private static bool IsSend(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.Path.Value!.EndsWith("/messages", StringComparison.Ordinal);

    private async Task<HttpResponseMessage> PassOnAsync(HttpRequest request, byte[] body)
    {
        using var passed = RequestOf(request, body);
        return await _http.SendAsync(passed, request.HttpContext.RequestAborted);
    }

    private HttpRequestMessage RequestOf(HttpRequest request, byte[] body)
    {
        var target = _targets[_serviceByPort[request.HttpContext.Connection.LocalPort]];
        var passed = new HttpRequestMessage(
            new HttpMethod(request.Method),
            new Uri(target.GetLeftPart(UriPartial.Authority) + RawTargetOf(request)));
        if (body.Length > 0 || !HttpMethods.IsGet(request.Method))
        {
            passed.Content = new ByteArrayContent(body);
        }

        foreach (var header in request.Headers.Where(header => !OfConnection.Contains(header.Key)))
        {
            if (!passed.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value))
            {
                passed.Content?.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value);
            }
        }

        return passed;
    }

    /// <summary>As it was sent: a signature holds for one spelling alone.</summary>
    private static string RawTargetOf(HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpRequestFeature>()!.RawTarget;

    private async Task SendAgainAsync(HttpRequestMessage request, TimeSpan delay)
    {
        using (request)
        {
            try
            {
                await Task.Delay(delay, _ended.Token);
                using var answer = await _http.SendAsync(request, _ended.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // Storage is down: the one message that was sent is there, and the other is not owed.
            }
        }
    }

    private static async Task AnswerAsync(HttpResponse response, HttpResponseMessage answer)
    {
        response.StatusCode = (int)answer.StatusCode;
        foreach (var header in answer.Headers.Concat(answer.Content.Headers).Where(header => !OfConnection.Contains(header.Key)))
        {
            response.Headers[header.Key] = header.Value.ToArray();
        }

        var body = await answer.Content.ReadAsByteArrayAsync(response.HttpContext.RequestAborted);
        if (body.Length > 0)
        {
            response.ContentLength = body.Length;
            await response.Body.WriteAsync(body, response.HttpContext.RequestAborted);
        }
    }
}
