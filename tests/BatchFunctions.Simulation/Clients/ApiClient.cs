using System.Diagnostics.CodeAnalysis;
using System.Text;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Workers;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Simulation.Clients;

/// <summary>A caller of the API, without sockets: its requests go to any worker that takes some, and are given up after a minute.</summary>
/// <param name="life">The life.</param>
/// <param name="name">Its name in the trace.</param>
/// <param name="tenant">Whose key it has.</param>
/// <param name="only">The one worker that it asks; any that takes requests where this is null.</param>
internal sealed class ApiClient(Life life, string name, string tenant, Worker? only = null)
{
    private const string Boundary = "boundary";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public Task<ApiReply?> UploadAsync(byte[] content)
    {
        using var body = new MemoryStream();
        body.Write(Encoding.ASCII.GetBytes($"--{Boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"));
        body.Write(Encoding.ASCII.GetBytes($"--{Boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n"));
        body.Write(content);
        body.Write(Encoding.ASCII.GetBytes($"\r\n--{Boundary}--\r\n"));
        return SendAsync("POST", "/v1/files", body.ToArray(), $"multipart/form-data; boundary={Boundary}");
    }

    public Task<ApiReply?> CreateAsync(string fileId, string tag) => SendAsync(
        "POST",
        "/v1/batches",
        Encoding.UTF8.GetBytes($$$"""{"input_file_id":"{{{fileId}}}","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"tag":"{{{tag}}}"}}"""),
        "application/json");

    public Task<ApiReply?> GetBatchAsync(string id) => SendAsync("GET", $"/v1/batches/{id}");

    public Task<ApiReply?> CancelAsync(string id) => SendAsync("POST", $"/v1/batches/{id}/cancel");

    public Task<ApiReply?> DeleteBatchAsync(string id) => SendAsync("DELETE", $"/v1/batches/{id}");

    public Task<ApiReply?> RetryAsync(string id, string tag) => SendAsync(
        "POST",
        $"/v1/batches/{id}/retry",
        Encoding.UTF8.GetBytes($$$"""{"metadata":{"tag":"{{{tag}}}"}}"""),
        "application/json");

    /// <param name="limit">The most batches on the page.</param>
    /// <param name="after">The batch behind which it begins; null for the newest.</param>
    /// <param name="status">The status that is asked for; null for any.</param>
    public Task<ApiReply?> ListAsync(int limit, string? after, string? status = null) => SendAsync(
        "GET",
        $"/v1/batches?limit={limit}{(after is null ? "" : $"&after={after}")}{(status is null ? "" : $"&status={status}")}");

    public Task<ApiReply?> GetFileAsync(string id) => SendAsync("GET", $"/v1/files/{id}");

    public Task<ApiReply?> ContentAsync(string id) => SendAsync("GET", $"/v1/files/{id}/content");

    public Task<ApiReply?> DeleteFileAsync(string id) => SendAsync("DELETE", $"/v1/files/{id}");

    /// <returns>Null where no answer came.</returns>
    private async Task<ApiReply?> SendAsync(string method, string path, byte[]? body = null, string? contentType = null)
    {
        if ((only ?? life.Workers.Any()) is not { } worker)
        {
            await life.Agenda.Delay(TimeSpan.FromSeconds(1));
            return null;
        }

        var answered = new TaskCompletionSource<ApiReply?>();
        var limit = life.Agenda.In(Patience, null, () => answered.TrySetResult(null));
        life.Trace.Add(name, $"asks {worker.Name}: {method} {path}");
        _ = AnswerAsync(worker, method, path, body, contentType, answered);
        var reply = await answered.Task;
        limit.CallOff();
        life.Trace.Add(name, $"{method} {path}: {(reply is null ? "no answer" : $"{reply.Status} {reply.Text}")}");
        return reply;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a handler throws is the life's to know.")]
    private async Task AnswerAsync(
        Worker worker, string method, string path, byte[]? body, string? contentType, TaskCompletionSource<ApiReply?> answered)
    {
        try
        {
            var context = new DefaultHttpContext { RequestServices = worker.Services };
            var parts = path.Split('?', 2);
            context.Request.Method = method;
            context.Request.Path = parts[0];
            context.Request.QueryString = new QueryString(parts.Length > 1 ? "?" + parts[1] : "");
            context.Request.Headers.Authorization = $"Bearer {life.Keys[tenant]}";
            context.Request.Body = new MemoryStream(body ?? []);
            context.Request.ContentLength = body?.Length;
            context.Request.ContentType = contentType;
            using var answer = new MemoryStream();
            context.Response.Body = answer;
            await worker.AnswerAsync(context);
            answered.TrySetResult(new ApiReply(context.Response.StatusCode, answer.ToArray()));
        }
        catch (Exception e)
        {
            answered.TrySetException(e);
        }
    }
}
