using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BatchFunctions.Testing;

/// <summary>
/// An OpenAI-compatible upstream on a free loopback port, whose answer to each call the test scripts. It knows lines by
/// a marker, which their body carries anywhere as <c>marker=NAME</c>; it counts the calls of each.
/// </summary>
public sealed partial class ScriptedUpstream : IAsyncDisposable
{
    private readonly ConcurrentQueue<ScriptedCall> _calls = new();
    private readonly ConcurrentDictionary<string, int> _callsByMarker = new(StringComparer.Ordinal);
    private readonly Lock _counting = new();
    private volatile Func<ScriptedCall, ScriptedAnswer> _script = ScriptedAnswer.Chat;
    private WebApplication? _app;
    private int _sequence;
    private int _inFlight;
    private int _port;

    /// <summary>Where it listens; also while it is stopped.</summary>
    public Uri Address => _port == 0
        ? throw new InvalidOperationException("Start the scripted upstream first.")
        : new Uri($"http://127.0.0.1:{_port}");

    /// <summary>All calls, in the order of their coming.</summary>
    public IReadOnlyList<ScriptedCall> Calls => [.. _calls];

    /// <summary>The number of calls of each marker.</summary>
    public IReadOnlyDictionary<string, int> CallsByMarker => _callsByMarker;

    /// <summary>Calls that have come and have not been answered.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>The most calls that were in flight at once.</summary>
    public int MostInFlight { get; private set; }

    /// <summary>The number of calls of one marker.</summary>
    public int CallsOf(string marker) => _callsByMarker.GetValueOrDefault(marker);

    /// <summary>A chat completion request that carries a marker.</summary>
    public static byte[] ChatBody(string marker) =>
        Encoding.UTF8.GetBytes($$"""{"model":"scripted","messages":[{"role":"user","content":"marker={{marker}}"}]}""");

    /// <summary>Sets how calls are answered from now on; before it is set, each gets a chat completion of its own.</summary>
    public ScriptedUpstream Answer(Func<ScriptedCall, ScriptedAnswer> script)
    {
        _script = script;
        return this;
    }

    /// <summary>Starts it; after a stop, on the same port.</summary>
    public async Task<ScriptedUpstream> StartAsync()
    {
        // An empty builder reads no environment variables, no settings files and writes no logs.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, _port);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
        return this;
    }

    /// <summary>Stops it: connections are broken off, and new ones refused, until it is started again.</summary>
    public async Task StopAsync() => await DisposeAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            // A cancelled token leaves the calls in flight no time to end.
            await _app.StopAsync(new CancellationToken(canceled: true));
            await _app.DisposeAsync();
            _app = null;
        }
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var call = Count(context.Request, body.ToArray());
        try
        {
            var answer = _script(call);
            if (answer.Before is { } before)
            {
                await before(context.RequestAborted);
            }

            await SendAsync(context, answer);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller went away: there is nobody to answer.
        }
        finally
        {
            _ = Interlocked.Decrement(ref _inFlight);
        }
    }

    private ScriptedCall Count(HttpRequest request, byte[] body)
    {
        var marker = Marker().Match(Encoding.UTF8.GetString(body)).Groups[1].Value;
        lock (_counting)
        {
            MostInFlight = Math.Max(MostInFlight, Interlocked.Increment(ref _inFlight));
            var number = _callsByMarker.AddOrUpdate(marker, 1, static (_, count) => count + 1);
            var call = new ScriptedCall(
                marker,
                number,
                ++_sequence,
                request.Path,
                request.QueryString.ToString(),
                new HeaderDictionary(request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase)),
                body);
            _calls.Enqueue(call);
            return call;
        }
    }

    private static async Task SendAsync(HttpContext context, ScriptedAnswer answer)
    {
        if (answer.End == ScriptedAnswer.Ending.Reset)
        {
            Reset(context);
            return;
        }

        var body = answer.IsGzipped ? Gzip(answer.Body) : answer.Body;
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.ContentLength = body.Length;
        if (answer.IsGzipped)
        {
            response.Headers.ContentEncoding = "gzip";
        }

        foreach ((var name, var value) in answer.Headers)
        {
            response.Headers[name] = value;
        }

        if (answer.End == ScriptedAnswer.Ending.CutOff)
        {
            await response.Body.WriteAsync(body.AsMemory(0, body.Length / 2), context.RequestAborted);
            await response.Body.FlushAsync(context.RequestAborted);
            Reset(context);
            return;
        }

        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static void Reset(HttpContext context)
    {
        // A linger time of nothing makes the close of a socket a reset.
        context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket.LingerState = new(enable: true, seconds: 0);
        context.Abort();
    }

    private static byte[] Gzip(byte[] body)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return compressed.ToArray();
    }

    [GeneratedRegex("marker=([A-Za-z0-9_.-]+)")]
    private static partial Regex Marker();
}
