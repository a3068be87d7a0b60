using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BatchFunctions.SelfHost.Echo;

/// <summary>
/// An upstream for first runs and demonstrations: answers chat completions, completions, responses, embeddings and
/// moderations in OpenAI's shapes, whatever their model, and echoes the text it is sent. It listens on a free loopback port and needs no key.
/// </summary>
internal sealed class EchoUpstream : IAsyncDisposable
{
    private static readonly Dictionary<string, Func<JsonObject, JsonObject>> Answers = new(StringComparer.Ordinal)
    {
        ["/v1/chat/completions"] = EchoAnswers.ChatCompletion,
        ["/v1/completions"] = EchoAnswers.Completion,
        ["/v1/responses"] = EchoAnswers.Response,
        ["/v1/embeddings"] = EchoAnswers.Embeddings,
        ["/v1/moderations"] = EchoAnswers.Moderation,
    };

    private readonly WebApplication _app;
    private long _requests;

    private EchoUpstream(WebApplication app) => _app = app;

    /// <summary>Its address: a value for <c>Batch__Upstream__BaseUrl</c>.</summary>
    public Uri Address => new(_app.Urls.Single());

    /// <summary>Starts the upstream.</summary>
    public static async Task<EchoUpstream> StartAsync(CancellationToken ct)
    {
        // An empty builder reads no settings: they are meant for the service, above all its port.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port: 0);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var echo = new EchoUpstream(builder.Build());
        echo._app.Run(echo.HandleAsync);
        await echo._app.StartAsync(ct);
        return echo;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A cancelled token: the service that sent the calls in flight is stopping too.
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var number = Interlocked.Increment(ref _requests);
        context.Response.Headers["x-request-id"] = string.Create(CultureInfo.InvariantCulture, $"req_echo_{number:x8}");
        (var status, var answer) = await AnswerAsync(context.Request, context.RequestAborted);
        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(answer, context.RequestAborted);
    }

    private static async Task<(int Status, JsonObject Answer)> AnswerAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.Path == "/v1/models" && HttpMethods.IsGet(request.Method))
        {
            return (200, EchoAnswers.Models());
        }

        if (!Answers.TryGetValue(request.Path.Value ?? "", out var answer))
        {
            return (404, EchoAnswers.Error($"Unknown request URL: {request.Method} {request.Path}.", code: "unknown_url"));
        }

        if (!HttpMethods.IsPost(request.Method))
        {
            return (405, EchoAnswers.Error($"Not allowed to {request.Method} on {request.Path}.", code: "method_not_supported"));
        }

        try
        {
            // Duplicate properties and unpaired surrogates only throw when the value is read.
            return await JsonNode.ParseAsync(request.Body, cancellationToken: ct) is JsonObject body
                ? (200, answer(body))
                : (400, EchoAnswers.Error("The body of the request must be a JSON object."));
        }
        catch (EchoRefusalException refusal)
        {
            return (400, EchoAnswers.Error(refusal.Message, refusal.Parameter, "missing_required_parameter"));
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            return (400, EchoAnswers.Error("The body of the request could not be parsed as JSON."));
        }
    }
}
