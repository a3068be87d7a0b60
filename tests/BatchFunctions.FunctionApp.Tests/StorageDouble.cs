using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>
/// As much of a storage account as one call of a function needs: rows and blobs are kept under the address that they were
/// written to, every query finds nothing, every write succeeds. What it was asked for is what tells one handler from another.
/// </summary>
internal sealed class StorageDouble : IAsyncDisposable
{
    private const string Written = "Thu, 01 Jan 2026 00:00:00 GMT";

    private readonly ConcurrentDictionary<string, JsonObject> _rows = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentQueue<string> _messages = new();
    private readonly WebApplication _server;

    private StorageDouble(WebApplication server) => _server = server;

    /// <summary>The account as a connection string.</summary>
    public string Connection
    {
        get
        {
            var address = _server.Urls.Single();
            return $"AccountName=double;AccountKey={Convert.ToBase64String(new byte[32])};"
                + $"BlobEndpoint={address}/blob;QueueEndpoint={address}/queue;TableEndpoint={address}/table";
        }
    }

    /// <summary>The requests since the last <see cref="ForgetRequests"/>, in their order.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <summary>The texts of all messages that were sent.</summary>
    public IReadOnlyList<string> Messages => [.. _messages];

    public static async Task<StorageDouble> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var storage = new StorageDouble(builder.Build());
        storage._server.Run(storage.AnswerAsync);
        await storage._server.StartAsync();
        return storage;
    }

    public void ForgetRequests() => _requests.Clear();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        _requests.Enqueue($"{request.Method} {request.GetEncodedPathAndQuery()}");
        context.Response.Headers.ETag = "\"1\"";
        context.Response.Headers.LastModified = Written;
        return request.Path.StartsWithSegments("/table", out var path) ? AnswerTableAsync(context, path)
            : request.Path.StartsWithSegments("/queue", out path) ? AnswerQueueAsync(context)
            : AnswerBlobAsync(context);
    }

    private async Task AnswerTableAsync(HttpContext context, string path)
    {
        var response = context.Response;
        switch (context.Request.Method)
        {
            case "GET" when path.EndsWith("()", StringComparison.Ordinal):
                await response.WriteAsJsonAsync(new JsonObject { ["value"] = new JsonArray() });
                break;
            case "GET" when _rows.TryGetValue(path, out var row):
                await response.WriteAsJsonAsync(row);
                break;
            case "GET":
                response.StatusCode = StatusCodes.Status404NotFound;
                await response.WriteAsJsonAsync(new JsonObject { ["odata.error"] = new JsonObject { ["code"] = "ResourceNotFound" } });
                break;
            case "POST" when path.EndsWith("/$batch", StringComparison.Ordinal):
                await AnswerTransactionAsync(context);
                break;
            case "DELETE":
                _rows.TryRemove(path, out _);
                response.StatusCode = StatusCodes.Status204NoContent;
                break;
            default:
                var written = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
                written["odata.etag"] = "\"1\"";
                _rows[path.Contains('(', StringComparison.Ordinal)
                    ? path
                    : $"{path}(PartitionKey='{written["PartitionKey"]}',RowKey='{written["RowKey"]}')"] = written;
                response.StatusCode = StatusCodes.Status204NoContent;
                break;
        }
    }

    /// <summary>A transaction whose every operation succeeds; its rows are not kept.</summary>
    private static async Task AnswerTransactionAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var operations = (await reader.ReadToEndAsync()).Split("HTTP/1.1").Length - 1;
        var parts = string.Concat(Enumerable.Repeat(
            "--changes\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 204 No Content\r\nETag: \"1\"\r\n\r\n\r\n", operations));
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.ContentType = "multipart/mixed; boundary=answer";
        await context.Response.WriteAsync($"--answer\r\nContent-Type: multipart/mixed; boundary=changes\r\n\r\n{parts}--changes--\r\n--answer--\r\n");
    }

    private async Task AnswerQueueAsync(HttpContext context)
    {
        var answer = new XElement("QueueMessagesList");
        if (context.Request.Method == "POST")
        {
            var message = await XElement.LoadAsync(context.Request.Body, LoadOptions.None, context.RequestAborted);
            _messages.Enqueue(message.Element("MessageText")!.Value);
            answer.Add(new XElement(
                "QueueMessage",
                new XElement("MessageId", Guid.Empty),
                new XElement("PopReceipt", "receipt"),
                new XElement("InsertionTime", Written),
                new XElement("ExpirationTime", Written),
                new XElement("TimeNextVisible", Written)));
            context.Response.StatusCode = StatusCodes.Status201Created;
        }

        context.Response.Headers["x-ms-approximate-messages-count"] = "0";
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync(answer.ToString());
    }

    private async Task AnswerBlobAsync(HttpContext context)
    {
        switch (context.Request.Method)
        {
            case "PUT":
                if (context.Request.Query["comp"] == "block")
                {
                    using var content = new MemoryStream();
                    await context.Request.Body.CopyToAsync(content);
                    _blobs[context.Request.Path] = content.ToArray();
                }

                context.Response.StatusCode = StatusCodes.Status201Created;
                break;
            case "GET" when _blobs.TryGetValue(context.Request.Path, out var blob):
                await context.Response.Body.WriteAsync(blob);
                break;
            case "DELETE":
                context.Response.StatusCode = StatusCodes.Status202Accepted;
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }
}
