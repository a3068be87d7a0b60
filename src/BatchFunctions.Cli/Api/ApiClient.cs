using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;

namespace BatchFunctions.Cli.Api;

/// <summary>The operations of an OpenAI-compatible Batch API.</summary>
internal sealed class ApiClient(ServiceAddress address, ApiTimes times) : IDisposable
{
    /// <summary>The purpose that files of requests are uploaded with.</summary>
    private const string Purpose = "batch";

    private readonly ApiConnection _connection = new(address, times);

    /// <summary>The service's base URL, for messages.</summary>
    public string Place => _connection.Place;

    /// <summary>The timeouts and retries.</summary>
    public ApiTimes Times => times;

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    /// <summary>Gets a batch.</summary>
    public Task<Batch> GetBatchAsync(string id, CancellationToken ct) =>
        _connection.AskAsync(_ => new HttpRequestMessage(HttpMethod.Get, BatchPath(id)), Batch.Read, repeat: true, ct);

    /// <summary>Gets how a batch gets on, in one try: it is asked again soon. Not every service offers it.</summary>
    public Task<BatchProgress> GetProgressAsync(string id, CancellationToken ct) =>
        _connection.AskAsync(_ => new HttpRequestMessage(HttpMethod.Get, $"{BatchPath(id)}/progress"), BatchProgress.Read, repeat: false, ct);

    /// <summary>Gets a page of batches, newest first.</summary>
    /// <param name="limit">The most batches on the page, 1 to 100.</param>
    /// <param name="after">The id of the batch before the page; null for the first page.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task<BatchPage> ListBatchesAsync(int limit, string? after, CancellationToken ct)
    {
        var path = string.Create(
            CultureInfo.InvariantCulture, $"batches?limit={limit}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}");
        return _connection.AskAsync(_ => new HttpRequestMessage(HttpMethod.Get, path), BatchPage.Read, repeat: true, ct);
    }

    /// <summary>
    /// Creates a batch, without retries: if the answer is lost, only the list tells whether the batch exists.
    /// </summary>
    public Task<Batch> CreateBatchAsync(BatchRequest request, CancellationToken ct) =>
        _connection.AskAsync(_ => Post("batches", request, ApiJson.Default.BatchRequest), Batch.Read, repeat: false, ct);

    /// <summary>Requests a batch's cancellation.</summary>
    public Task<Batch> CancelBatchAsync(string id, CancellationToken ct) =>
        _connection.AskAsync(
            _ => new HttpRequestMessage(HttpMethod.Post, $"{BatchPath(id)}/cancel"), Batch.Read, repeat: true, ct);

    /// <summary>Gets what the key's project may have, and has.</summary>
    public Task<ProjectLimits> GetLimitsAsync(CancellationToken ct) =>
        _connection.AskAsync(_ => new HttpRequestMessage(HttpMethod.Get, "limits"), ProjectLimits.Read, repeat: true, ct);

    /// <summary>Uploads a file in one request.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="part">Makes the body; its argument must be called whenever some of it has been sent.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task<ApiFile> UploadAsync(string name, Func<Action, FilePart> part, CancellationToken ct) =>
        _connection.AskAsync(
            gotOn => PostForm("files", (new StringContent(Purpose), "purpose", null), (part(gotOn), "file", name)),
            ApiJson.Default.ApiFile,
            repeat: true,
            ct);

    /// <summary>Begins an upload in parts.</summary>
    public Task<ApiUpload> BeginUploadAsync(string name, long bytes, CancellationToken ct) =>
        _connection.AskAsync(
            _ => Post("uploads", new UploadRequest(name, Purpose, bytes, "text/jsonl"), ApiJson.Default.UploadRequest),
            ApiJson.Default.ApiUpload,
            repeat: true,
            ct);

    /// <summary>Uploads a part; its id is needed to complete the upload.</summary>
    public Task<ApiFile> UploadPartAsync(string upload, Func<Action, FilePart> part, CancellationToken ct) =>
        _connection.AskAsync(
            gotOn => PostForm($"uploads/{Uri.EscapeDataString(upload)}/parts", (part(gotOn), "data", "part")),
            ApiJson.Default.ApiFile,
            repeat: true,
            ct);

    /// <summary>Completes an upload: makes a file of its parts.</summary>
    public Task<ApiUpload> CompleteUploadAsync(string upload, IReadOnlyList<string> parts, CancellationToken ct) =>
        _connection.AskAsync(
            _ => Post($"uploads/{Uri.EscapeDataString(upload)}/complete", new UploadCompletion(parts), ApiJson.Default.UploadCompletion),
            ApiJson.Default.ApiUpload,
            repeat: true,
            ct);

    /// <summary>Opens a file's content.</summary>
    /// <param name="id">The file's id.</param>
    /// <param name="offset">The first byte wanted; a service may nevertheless answer from the beginning.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task<HttpResponseMessage> OpenFileAsync(string id, long offset, CancellationToken ct) =>
        _connection.OpenAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, $"files/{Uri.EscapeDataString(id)}/content");
                request.Headers.Range = offset > 0 ? new RangeHeaderValue(offset, null) : null;
                return request;
            },
            ct);

    /// <summary>The exception for a failure while a file's content was read.</summary>
    public ApiException BrokenOff(Exception e) => _connection.BrokenOff(e);

    private static string BatchPath(string id) => $"batches/{Uri.EscapeDataString(id)}";

    private static HttpRequestMessage Post<T>(string path, T body, JsonTypeInfo<T> type) =>
        new(HttpMethod.Post, path) { Content = JsonContent.Create(body, type) };

    private static HttpRequestMessage PostForm(string path, params (HttpContent Content, string Name, string? FileName)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (content, name, fileName) in fields)
        {
            // Quoted, since not every server reads unquoted names.
            content.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data")
            {
                Name = $"\"{name}\"",
                FileName = fileName is null ? null : $"\"{Printable(fileName)}\"",
            };
            form.Add(content);
        }

        return new HttpRequestMessage(HttpMethod.Post, path) { Content = form };
    }

    /// <summary>
    /// A file's name, fit for a header: every character that would need escaping becomes an underscore.
    /// </summary>
    private static string Printable(string name) =>
        string.Concat(name.Select(character => character is >= ' ' and <= '~' and not '"' and not '\\' ? character : '_'));
}
