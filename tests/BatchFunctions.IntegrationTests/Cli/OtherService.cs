using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>
/// Another service with a Batch API, as small as they come: none of this project's own fields, headers or checks. A
/// batch takes one step each time that it is asked for. A test may answer, or break off, any request before it does.
/// </summary>
internal sealed class OtherService : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> _files = new();
    private readonly List<JsonObject> _batches = [];
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly WebApplication _app;

    private OtherService(WebApplication app) => _app = app;

    /// <summary>Its base URL.</summary>
    public Uri BaseUrl => new($"{_app.Urls.Single()}/v1");

    /// <summary>Method and path of all requests, in the order of their coming.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <summary>The headers of the last request.</summary>
    public IHeaderDictionary LastHeaders { get; private set; } = new HeaderDictionary();

    /// <summary>The number of batches.</summary>
    public int Batches => _batches.Count;

    /// <summary>Comes before each answer; true when there is nothing left to answer.</summary>
    public Func<HttpContext, Task<bool>> Before { get; set; } = _ => Task.FromResult(false);

    /// <summary>Comes before a request of this kind, so many times, and lets the others pass.</summary>
    public void BeforeEach(string request, int times, Func<HttpContext, Task> act)
    {
        var left = times;
        Before = async context =>
        {
            if ($"{context.Request.Method} {context.Request.Path}".StartsWith(request, StringComparison.Ordinal)
                && Interlocked.Decrement(ref left) >= 0)
            {
                await act(context);
                return true;
            }

            return false;
        };
    }

    public static async Task<OtherService> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0));
        var service = new OtherService(builder.Build());
        service._app.Run(service.HandleAsync);
        await service._app.StartAsync();
        return service;
    }

    /// <summary>Makes a batch, as <c>POST /v1/batches</c> does.</summary>
    public async Task<JsonObject> MakeAsync(HttpContext context)
    {
        var asked = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        var batch = new JsonObject
        {
            ["id"] = $"batch_{_batches.Count}",
            ["object"] = "batch",
            ["endpoint"] = asked["endpoint"]!.GetValue<string>(),
            ["input_file_id"] = asked["input_file_id"]!.GetValue<string>(),
            ["status"] = "validating",
            ["metadata"] = asked["metadata"]?.DeepClone(),
            ["created_at"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        };
        _batches.Insert(0, batch);
        return batch;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        _requests.Enqueue($"{request.Method} {request.Path}");
        LastHeaders = new HeaderDictionary(request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase));
        if (await Before(context))
        {
            return;
        }

        var path = request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var answer = (request.Method, path) switch
        {
            ("POST", ["v1", "files"]) => await AddFileAsync(request),
            ("GET", ["v1", "files", var id, "content"]) => _files[id],
            ("POST", ["v1", "batches"]) => await MakeAsync(context),
            ("GET", ["v1", "batches"]) => Page(request),
            ("GET", ["v1", "batches", var id]) => Step(id),
            _ => null,
        };
        context.Response.StatusCode = answer is null ? 404 : 200;
        await (answer is byte[] bytes
            ? context.Response.Body.WriteAsync(bytes).AsTask()
            : context.Response.WriteAsJsonAsync(answer ?? new { error = "no such thing" }));
    }

    private async Task<object> AddFileAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        Assert.Equal("batch", form["purpose"]);
        using var content = new MemoryStream();
        await form.Files["file"]!.CopyToAsync(content);
        return new { id = AddFile(content.ToArray()), @object = "file" };
    }

    /// <summary>The batch that was made last.</summary>
    public JsonObject Newest => _batches[0];

    /// <summary>Changes a batch.</summary>
    public void Alter(string id, Action<JsonObject> change) =>
        change(_batches.Single(batch => batch["id"]!.GetValue<string>() == id));

    /// <summary>What a file has.</summary>
    public string ReadFile(string id) => Encoding.UTF8.GetString(_files[id]);

    /// <summary>Adds a file, and returns its id.</summary>
    public string AddFile(byte[] content)
    {
        var id = $"file-{_files.Count}";
        _files[id] = content;
        return id;
    }

    /// <summary>A page, which does not say whether there are more.</summary>
    private JsonObject Page(HttpRequest request)
    {
        var from = _batches.FindIndex(batch => batch["id"]!.GetValue<string>() == request.Query["after"]) + 1;
        var page = _batches.Skip(from).Take(int.Parse(request.Query["limit"]!, null)).Select(batch => batch.DeepClone());
        return new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. page]) };
    }

    private JsonObject? Step(string id)
    {
        var batch = _batches.Find(candidate => candidate["id"]!.GetValue<string>() == id);
        if (batch?["status"]?.GetValue<string>() is { } status)
        {
            var input = Encoding.UTF8.GetString(_files[batch["input_file_id"]!.GetValue<string>()])
                .Split('\n', StringSplitOptions.RemoveEmptyEntries);
            batch["status"] = status switch { "validating" => "in_progress", "in_progress" => "completed", _ => status };
            if (status == "in_progress")
            {
                batch["request_counts"] = new JsonObject { ["total"] = input.Length, ["completed"] = input.Length, ["failed"] = 0 };
                batch["output_file_id"] = AddFile(Encoding.UTF8.GetBytes(string.Concat(input.Select(line =>
                    JsonSerializer.Serialize(new { custom_id = JsonNode.Parse(line)!["custom_id"]!.GetValue<string>() }) + "\n"))));
            }
        }

        return batch;
    }
}
