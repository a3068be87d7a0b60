using BatchFunctions.StrictStorage.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BatchFunctions.Testing;

/// <summary>
/// Stands between clients and storage, one listener for each of its services. Whoever makes it sees each request whole, and passes it on, or
/// does not. Requests go on as they are, signatures included: these do not cover the port. Where storage is started anew on other
/// ports, it follows.
/// </summary>
public sealed class StorageFront : IAsyncDisposable
{
    /// <summary>The services, by their names in a connection string.</summary>
    public const string Blobs = "BlobEndpoint";

    /// <inheritdoc cref="Blobs"/>
    public const string Queues = "QueueEndpoint";

    /// <inheritdoc cref="Blobs"/>
    public const string Tables = "TableEndpoint";

    private static readonly string[] Services = [Blobs, Queues, Tables];

    /// <summary>Headers of one connection, which are not passed on.</summary>
    private static readonly HashSet<string> OfConnection =
        new(StringComparer.OrdinalIgnoreCase) { "Host", "Connection", "Keep-Alive", "Transfer-Encoding" };

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false });
    private readonly ServicePorts<string> _ports;
    private volatile Dictionary<string, Uri> _targets = [];

    private StorageFront(Func<StorageFront, HttpContext, string, byte[], Task> handle) =>
        _ports = new ServicePorts<string>(Services, (context, service) => HandleAsync(context, service, handle));

    /// <summary>Starts it in front of storage.</summary>
    /// <param name="connection">The connection string of any account there.</param>
    /// <param name="handle">What becomes of a request: told are the front, the request's context, its service and its body.</param>
    public static async Task<StorageFront> StartAsync(
        string connection, Func<StorageFront, HttpContext, string, byte[], Task> handle)
    {
        var front = new StorageFront(handle);
        front.Follow(connection);
        await front._ports.StartAsync();
        return front;
    }

    /// <summary>Passes on to where this connection string leads from now on.</summary>
    public void Follow(string connection)
    {
        var parts = PartsOf(connection);
        _targets = Services.ToDictionary(service => service, service => new Uri(new Uri(parts[service]), "/"));
    }

    /// <summary>The connection string of an account by way of this.</summary>
    /// <param name="connection">The one that leads there without it.</param>
    public string ConnectionString(string connection)
    {
        var parts = PartsOf(connection);
        foreach (var service in Services)
        {
            parts[service] = $"http://127.0.0.1:{_ports.PortOf(service)}{new Uri(parts[service]).AbsolutePath}";
        }

        return string.Concat(parts.Select(part => $"{part.Key}={part.Value};"));
    }

    /// <summary>A request as it goes on to storage. Its path is as it was sent: a signature holds for one spelling alone.</summary>
    /// <param name="request">The request.</param>
    /// <param name="service">The service that it is to.</param>
    /// <param name="body">Its body.</param>
    public HttpRequestMessage RequestOf(HttpRequest request, string service, byte[] body)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(body);
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var passed = new HttpRequestMessage(
            new HttpMethod(request.Method),
            new Uri(
                _targets[service].GetLeftPart(UriPartial.Authority) + target,
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body.Length > 0 || !HttpMethods.IsGet(request.Method))
        {
            passed.Content = new ByteArrayContent(body);
        }

        foreach (var header in request.Headers.Where(header => !OfConnection.Contains(header.Key) && header.Key != "Content-Length"))
        {
            if (!passed.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value))
            {
                passed.Content?.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value);
            }
        }

        return passed;
    }

    /// <summary>Has storage carry a request out.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) => _http.SendAsync(request, ct);

    /// <summary>Has storage carry a client's request out, as long as the client waits.</summary>
    /// <inheritdoc cref="RequestOf"/>
    public async Task<HttpResponseMessage> PassOnAsync(HttpRequest request, string service, byte[] body)
    {
        using var passed = RequestOf(request, service, body);
        return await SendAsync(passed, request.HttpContext.RequestAborted);
    }

    /// <summary>Gives a client what storage has answered.</summary>
    public static async Task AnswerAsync(HttpResponse response, HttpResponseMessage answer)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(answer);
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

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ports.DisposeAsync();
        _http.Dispose();
    }

    private static Dictionary<string, string> PartsOf(string connection) => connection
        .Split(';', StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.Split('=', 2))
        .ToDictionary(part => part[0], part => part[1]);

    private async Task HandleAsync(HttpContext context, string service, Func<StorageFront, HttpContext, string, byte[], Task> handle)
    {
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            await handle(this, context, service, body.ToArray());
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // Storage is down, or whoever asked has gone.
            context.Abort();
        }
    }
}
