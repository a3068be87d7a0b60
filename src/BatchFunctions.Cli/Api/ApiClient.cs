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

    /// <summary>
    /// The header with the key by which a service tells a request that comes again from another one. Services that do not know it ignore it.
    /// </summary>
    public const string KeyHeader = "Idempotency-Key";

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
    /// <param name="filter">Which batches; a service may leave nothing out.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task<BatchPage> ListBatchesAsync(int limit, string? after, BatchFilter filter, CancellationToken ct)
    {
        var path = string.Create(
            CultureInfo.InvariantCulture, $"batches?limit={limit}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}{filter.Query}");
        return _connection.AskAsync(_ => new HttpRequestMessage(HttpMethod.Get, path), BatchPage.Read, repeat: true, ct);
    }

    /// <summary>A key for a request that must not make two things.</summary>
    public static string NewKey() => Guid.NewGuid().ToString("N");

    /// <summary>
    /// Creates a batch. It is repeated only if the service is known to look at the key: otherwise, if the answer is lost, only the list
    /// tells whether the batch exists.
    /// </summary>
    public Task<Batch> CreateBatchAsync(BatchRequest request, string key, CancellationToken ct) => _connection.AskAsync(
        _ => Keyed(Post("batches", request, ApiJson.Default.BatchRequest), key), Batch.Read, repeat: _connection.KnowsKeys, ct);

    /// <summary>Requests a batch's cancellation.</summary>
    public Task<Batch> CancelBatchAsync(string id, CancellationToken ct) =>
        _connection.AskAsync(
            _ => new HttpRequestMessage(HttpMethod.Post, $"{BatchPath(id)}/cancel"), Batch.Read, repeat: true, ct);

    /// <summary>Deletes an ended batch with its output and error files.</summary>
    public Task<ApiFile> DeleteBatchAsync(string id, CancellationToken ct) =>
        _connection.AskAsync(_ => new HttpRequestMessage(HttpMethod.Delete, BatchPath(id)), ApiJson.Default.ApiFile, repeat: false, ct);

    /// <summary>
    /// Makes a batch of what a batch has left over. Like a creation it is repeated only where the service looks at the key: otherwise
    /// only the batch itself tells whether there is a new one.
    /// </summary>
    public Task<Batch> RetryBatchAsync(string id, RetryRequest request, string key, CancellationToken ct) => _connection.AskAsync(
        _ => Keyed(Post($"{BatchPath(id)}/retry", request, ApiJson.Default.RetryRequest), key), Batch.Read, repeat: _connection.KnowsKeys, ct);

    /// <summary>Gets why lines of a batch failed, by what they have in common.</summary>
    /// <param name="id">The batch's id.</param>
    /// <param name="offset">Lines of its error file to leave out.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task<BatchFailures> GetFailuresAsync(string id, long offset, CancellationToken ct) =>
        _connection.AskAsync(
            _ => new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{BatchPath(id)}/errors?offset={offset}")),
            ApiJson.Default.BatchFailures,
            repeat: true,
            ct);

    /// <summary>Gets what the key's project may have, and has.</summary>
    public Task<ProjectLimits> GetLimitsAsync(CancellationToken ct) =>
        _connection.AskAsync(_ => new HttpRequestMessage(HttpMethod.Get, "limits"), ProjectLimits.Read, repeat: true, ct);

    /// <summary>Gets what the key's project has used.</summary>
    /// <param name="since">From the day of this time on; null for the service's own beginning.</param>
    /// <param name="until">Up to this time; null for now.</param>
    /// <param name="group"><c>day</c> or <c>model</c>.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task<ProjectUsage> GetUsageAsync(DateTimeOffset? since, DateTimeOffset? until, string group, CancellationToken ct)
    {
        var start = since is { } from ? string.Create(CultureInfo.InvariantCulture, $"&start={from.ToUnixTimeSeconds()}") : "";
        var end = until is { } to ? string.Create(CultureInfo.InvariantCulture, $"&end={to.ToUnixTimeSeconds()}") : "";
        return _connection.AskAsync(
            _ => new HttpRequestMessage(HttpMethod.Get, $"usage?group_by={group}{start}{end}"), ProjectUsage.Read, repeat: true, ct);
    }

    /// <summary>Uploads a file in one request.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="part">Makes the body; its argument must be called whenever some of it has been sent.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task<ApiFile> UploadAsync(string name, Func<Action, FilePart> part, CancellationToken ct)
    {
        var key = NewKey();
        return _connection.AskAsync(
            gotOn => Keyed(PostForm("files", (new StringContent(Purpose), "purpose", null), (part(gotOn), "file", name)), key),
            ApiJson.Default.ApiFile,
            repeat: true,
            ct);
    }

    /// <summary>Begins an upload in parts.</summary>
    public Task<ApiUpload> BeginUploadAsync(string name, long bytes, CancellationToken ct)
    {
        var key = NewKey();
        return _connection.AskAsync(
            _ => Keyed(Post("uploads", new UploadRequest(name, Purpose, bytes, "text/jsonl"), ApiJson.Default.UploadRequest), key),
            ApiJson.Default.ApiUpload,
            repeat: true,
            ct);
    }

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

    private static HttpRequestMessage Keyed(HttpRequestMessage request, string key)
    {
        request.Headers.Add(KeyHeader, key);
        return request;
    }

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
