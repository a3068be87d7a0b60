using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Storage.Queues.Models;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Keys;
using BatchFunctions.Uploads;
using BatchFunctions.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The app's services on a storage that has a key, a file, a batch and an upload: what a function is called on.</summary>
internal sealed partial class Stage : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly Dictionary<string, string> _ids = [];
    private string _key = "";

    private Stage(StorageDouble storage)
    {
        Storage = storage;
        _host = AppHost.Build(storage.Connection, "--Batch:Webhooks:AllowedHosts=127.0.0.1");
    }

    public StorageDouble Storage { get; }

    public IServiceProvider Services => _host.Services;

    public static async Task<Stage> SetAsync()
    {
        var stage = new Stage(await StorageDouble.StartAsync());
        var services = stage.Services;
        stage._key = (await services.GetRequiredService<ApiKeyStore>().CreateAsync("project", "label", default)).Key;
        await stage.MakeAsync(ApiRoutes.Files, services.GetRequiredService<FileApi>().UploadAsync);
        await stage.MakeAsync(ApiRoutes.Batches, services.GetRequiredService<BatchApi>().CreateAsync);
        await stage.MakeAsync(ApiRoutes.Uploads, services.GetRequiredService<UploadApi>().CreateAsync);
        var webhooks = services.GetRequiredService<WebhookApi>();
        await stage.MakeAsync(ApiRoutes.Webhooks, webhooks.CreateAsync);
        await stage.MakeAsync(ApiRoutes.WebhookTest, (request, ct) => webhooks.TestAsync(request, stage._ids[ApiRoutes.Webhooks], ct), ApiRoutes.Deliveries);
        stage.Storage.ForgetRequests();
        return stage;
    }

    /// <summary>What sets a function off: a request, the message that the batch's making has sent, or the timer.</summary>
    public object TriggerOf(Function function, CancellationToken ct) => function switch
    {
        { Http: not null } => RequestFor(function, ct),
        { Queue: not null } => QueuesModelFactory.QueueMessage("message", "receipt", new BinaryData(Storage.Messages[0]), dequeueCount: 1),
        { Timer: not null } => new TimerInfo(),
        _ => throw new NotSupportedException($"{function.Name} has a trigger of a kind that no test calls."),
    };

    /// <summary>A request for an HTTP function, with the key and what its handler asks for.</summary>
    public HttpRequest RequestFor(Function function, CancellationToken ct)
    {
        var template = function.Http!.Route!;
        return Request(function.Http.Methods is [var method] ? method.ToUpperInvariant() : HttpMethods.Get, template, ct);
    }

    /// <summary>Calls a function as the worker does, and tells what came of it.</summary>
    public Task<string> CallAsync(Function function, object trigger, CancellationToken ct) => SeeAsync(trigger, async _ =>
    {
        var instance = ActivatorUtilities.CreateInstance(Services, function.Method.DeclaringType!);
        var arguments = function.Method.GetParameters().Select(parameter =>
            parameter.ParameterType.IsInstanceOfType(trigger) ? trigger
            : parameter.ParameterType == typeof(CancellationToken) ? ct
            : ((HttpRequest)trigger).RouteValues[parameter.Name!]);
        var call = (Task)function.Method.Invoke(instance, [.. arguments])!;
        await call;
        if (call is Task<IResult> answer)
        {
            await (await answer).ExecuteAsync(((HttpRequest)trigger).HttpContext);
        }
    });

    /// <summary>What a call answers, which queue it takes its message for, and what it asks storage for, without what differs from call to call.</summary>
    public async Task<string> SeeAsync(object trigger, Func<object, Task> call)
    {
        using var spans = new QueueSpans();
        var failure = await Record.ExceptionAsync(() => call(trigger));
        var answer = failure is null && trigger is HttpRequest { HttpContext.Response: var response }
            ? $"{response.StatusCode} {response.ContentType} {Written(response)}"
            : $"{failure?.GetType().Name} {failure?.Message}";
        return Varying().Replace(string.Join('\n', [answer, .. spans.Queues, .. Storage.Requests]), "*");
    }

    public async ValueTask DisposeAsync()
    {
        _host.Dispose();
        await Storage.DisposeAsync();
    }

    private static string Written(HttpResponse response) => Encoding.UTF8.GetString(((MemoryStream)response.Body).ToArray());

    /// <param name="template">The route of what makes it.</param>
    /// <param name="make">Makes it.</param>
    /// <param name="collection">What stands before its id in its own route; null for the route of what makes it.</param>
    private async Task MakeAsync(string template, Func<HttpRequest, CancellationToken, Task<IResult>> make, string? collection = null)
    {
        var request = Request(HttpMethods.Post, template, default);
        var response = request.HttpContext.Response;
        await (await make(request, default)).ExecuteAsync(request.HttpContext);
        Assert.True(response.StatusCode == StatusCodes.Status200OK, Written(response));
        _ids[collection ?? template] = (string)JsonNode.Parse(Written(response))!["id"]!;
    }

    private HttpRequest Request(string method, string template, CancellationToken ct)
    {
        var context = new DefaultHttpContext { RequestServices = Services, RequestAborted = ct };
        context.Response.Body = new MemoryStream();
        var request = context.Request;
        request.Method = method;
        request.Headers.Authorization = $"Bearer {_key}";
        request.Path = "/" + template;
        if (template == ApiRoutes.Model)
        {
            request.RouteValues["id"] = "some/model";
            request.Path = "/v1/models/some/model";
        }

        if (template.Split("/{id}") is [var collection, _])
        {
            // Where such things are made stands before the id.
            var id = _ids[collection];
            request.RouteValues["id"] = id;
            request.Path = "/" + template.Replace("{id}", id, StringComparison.Ordinal);
        }

        if (method == HttpMethods.Post && BodyOf(template) is var (type, body))
        {
            request.ContentType = type;
            request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        }

        return request;
    }

    private (string Type, string Body)? BodyOf(string template) => template switch
    {
        ApiRoutes.Files => Form(("purpose", "batch"), ("file\"; filename=\"lines.jsonl", "{}")),
        ApiRoutes.Batches => ("application/json", $$"""
            {"input_file_id":"{{_ids[ApiRoutes.Files]}}","endpoint":"/v1/chat/completions","completion_window":"24h"}
            """),
        ApiRoutes.Uploads => ("application/json", """
            {"filename":"lines.jsonl","purpose":"batch","bytes":2,"mime_type":"application/jsonl"}
            """),
        ApiRoutes.Webhooks or ApiRoutes.Webhook => ("application/json", """{"url":"http://127.0.0.1:1/events"}"""),
        ApiRoutes.UploadParts => Form(("data\"; filename=\"part", "{}")),
        ApiRoutes.UploadComplete => ("application/json", """{"part_ids":[]}"""),
        _ => null,
    };

    private static (string Type, string Body) Form(params (string Name, string Value)[] parts)
    {
        var body = parts.Select(part => $"--boundary\r\nContent-Disposition: form-data; name=\"{part.Name}\"\r\n\r\n{part.Value}\r\n");
        return ("multipart/form-data; boundary=boundary", string.Concat(body) + "--boundary--\r\n");
    }

    /// <summary>Ids, row keys, block ids, secrets and times.</summary>
    [GeneratedRegex("whsec_[^\"]+|[0-9a-f]{20,}|(?<=blockid=)[^&]*|[0-9]{10,}(?:\\.[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}T[^'Z]*Z")]
    private static partial Regex Varying();
}
