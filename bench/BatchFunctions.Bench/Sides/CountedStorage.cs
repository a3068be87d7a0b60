using System.Net;
using BatchFunctions.Testing;
using BatchFunctions.Testing.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BatchFunctions.Bench.Sides;

/// <summary>
/// Stands before the three services of an account and counts what they are asked, each try for itself, whoever asks: it needs no meter
/// within the service. Requests and answers go through as they are, signatures included, since those do not cover the port.
/// </summary>
internal sealed class CountedStorage : IAsyncDisposable
{
    private const string Ending = "Endpoint";

    /// <summary>Of a connection between two, and no part of what is said over it.</summary>
    private static readonly HashSet<string> OfConnection =
        new(["Connection", "Host", "Keep-Alive", "Transfer-Encoding"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Of messages within ten seconds: sweeps have some of their own.</summary>
    private const int Few = 10;

    private static readonly TimeSpan Span = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly List<WebApplication> _fronts = [];
    private int _blobWrites;
    private int _blobReads;
    private int _messages;
    private int _queueLooks;
    private int _tables;

    private CountedStorage()
    {
    }

    /// <summary>The connection string by way of this.</summary>
    public string Connection { get; private set; } = "";

    /// <summary>What has been asked so far.</summary>
    public StorageUse Use => new(
        Volatile.Read(ref _blobWrites),
        Volatile.Read(ref _blobReads),
        Volatile.Read(ref _messages),
        Volatile.Read(ref _queueLooks),
        Volatile.Read(ref _tables));

    /// <summary>Begins to stand before an account.</summary>
    /// <param name="connection">The account's connection string, which names each service's address.</param>
    public static async Task<CountedStorage> StartAsync(string connection)
    {
        var counted = new CountedStorage();
        var parts = connection.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2)).ToList();
        foreach (var part in parts.Where(part => part[0].EndsWith(Ending, StringComparison.Ordinal)))
        {
            var target = new Uri(part[1]);
            var front = await counted.StartAsync(part[0][..^Ending.Length], target);
            part[1] = new UriBuilder(target) { Port = front.Port }.Uri.ToString();
        }

        counted.Connection = string.Join(';', parts.Select(part => string.Join('=', part)));
        return counted;
    }

    /// <summary>What is asked while something runs.</summary>
    public async Task<StorageUse> WhileAsync(Func<Task> run)
    {
        var before = Use;
        await run();
        var after = Use;
        return new StorageUse(
            after.BlobWrites - before.BlobWrites,
            after.BlobReads - before.BlobReads,
            after.Messages - before.Messages,
            after.QueueLooks - before.QueueLooks,
            after.Tables - before.Tables);
    }

    /// <summary>Waits until few messages are sent and deleted any more: what ended batches leave to do is done then.</summary>
    /// <exception cref="TimeoutException">There is no such time.</exception>
    public Task UntilQuietAsync(CancellationToken ct) => Eventually.UntilAsync(
        async () => (await WhileAsync(() => Task.Delay(Span, ct))).Messages <= Few, Patience, "few messages are sent and deleted");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var front in _fronts)
        {
            await front.DisposeAsync();
        }

        _client.Dispose();
    }

    private async Task<Uri> StartAsync(string service, Uri target)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
        });
        var front = builder.Build();
        _fronts.Add(front);
        var origin = target.GetLeftPart(UriPartial.Authority);
        front.Run(context =>
        {
            Count(service, context.Request.Method);
            return ForwardAsync(context, origin);
        });
        await front.StartAsync();
        return new Uri(front.Urls.Single());
    }

    private void Count(string service, string method)
    {
        var isRead = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        switch (service)
        {
            case "Table":
                Interlocked.Increment(ref _tables);
                break;
            case "Queue" when isRead:
                Interlocked.Increment(ref _queueLooks);
                break;
            case "Queue":
                Interlocked.Increment(ref _messages);
                break;
            case "Blob" when isRead:
                Interlocked.Increment(ref _blobReads);
                break;
            default:
                Interlocked.Increment(ref _blobWrites);
                break;
        }
    }

    private async Task ForwardAsync(HttpContext context, string origin)
    {
        // The path as it was sent: what is signed is signed with its escapes.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method),
            new Uri(origin + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;
        request.Content = hasBody ? new StreamContent(context.Request.Body)
            : context.Request.ContentLength == 0 ? new ByteArrayContent([])
            : null;
        foreach (var (name, values) in context.Request.Headers.Where(header => !OfConnection.Contains(header.Key)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values);
            }
        }

        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            foreach (var (name, values) in response.Headers.Concat(response.Content.Headers).Where(header => !OfConnection.Contains(header.Key)))
            {
                context.Response.Headers[name] = values.ToArray();
            }

            if (!HttpMethods.IsHead(context.Request.Method)
                && response.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.NotModified))
            {
                await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // Either end has gone.
            context.Abort();
        }
    }
}
