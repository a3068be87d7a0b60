using System.Globalization;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text.Json;
using Polly;
using Polly.Retry;

namespace BatchFunctions.Cli.Api;

/// <summary>
/// Speaks to an OpenAI-compatible service. What may pass is tried again a few times, as the official clients do it;
/// what goes wrong is an <see cref="ApiException"/>.
/// </summary>
internal sealed class ApiClient : IDisposable
{
    private const int Retries = 4;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(20);

    private readonly ServiceAddress _address;
    private readonly SocketsHttpHandler _connections;
    private readonly HttpClient _http;
    private readonly ResiliencePipeline<HttpResponseMessage> _tries;

    /// <summary>A client of one service.</summary>
    public ApiClient(ServiceAddress address)
    {
        _address = address;
        _connections = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = ConnectLimit };
        _http = new HttpClient(_connections) { BaseAddress = address.BaseUrl, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", address.Key);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd($"batch/{Assembly.GetExecutingAssembly().GetName().Version?.ToString(3)}");
        AddHeader("OpenAI-Organization", address.Organization);
        AddHeader("OpenAI-Project", address.Project);
        _tries = new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = Retries,
                Delay = FirstDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = tried => ValueTask.FromResult(tried.Outcome switch
                {
                    { Exception: { } e } => ApiErrors.IsConnectionFailure(e),
                    { Result: { } answer } => ApiErrors.IsPassing(answer) && !(RetryAfter(answer) > LongestDelay),
                    _ => false,
                }),
                DelayGenerator = tried => ValueTask.FromResult(tried.Outcome.Result is { } answer ? RetryAfter(answer) : null),
                OnRetry = tried =>
                {
                    tried.Outcome.Result?.Dispose();
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>Where the service is, for messages.</summary>
    public string Place => ApiErrors.Shown(_address.BaseUrl);

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _connections.Dispose();
    }

    /// <summary>A batch.</summary>
    public Task<Batch> GetBatchAsync(string id, CancellationToken ct) =>
        AskAsync(HttpMethod.Get, $"batches/{Uri.EscapeDataString(id)}", Batch.Read, ct);

    /// <summary>A page of batches, newest first.</summary>
    /// <param name="limit">At most so many, 1 to 100.</param>
    /// <param name="after">The batch after which it begins; null for the first page.</param>
    /// <param name="ct">Ends the wait.</param>
    public Task<BatchPage> ListBatchesAsync(int limit, string? after, CancellationToken ct) =>
        AskAsync(
            HttpMethod.Get,
            string.Create(CultureInfo.InvariantCulture, $"batches?limit={limit}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}"),
            BatchPage.Read,
            ct);

    private async Task<T> AskAsync<T>(HttpMethod method, string path, Func<JsonElement, T> read, CancellationToken ct)
    {
        using var answer = await SendAsync(() => new HttpRequestMessage(method, path), ct);
        return await ReadAsync(answer, read, ct);
    }

    /// <summary>Sends a request until it is answered well, or has been tried often enough.</summary>
    /// <returns>An answer with a 2xx.</returns>
    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, CancellationToken ct)
    {
        try
        {
            var answer = await _tries.ExecuteAsync(async token => await SendOnceAsync(request, token), ct);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            using (answer)
            {
                throw await ApiErrors.RefusedAsync(answer, _address.BaseUrl, ct);
            }
        }
        catch (Exception e) when (ApiErrors.IsConnectionFailure(e))
        {
            throw ApiErrors.Unanswered(e, _address.BaseUrl);
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(Func<HttpRequestMessage> request, CancellationToken ct)
    {
        using var message = request();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(AnswerLimit);
        try
        {
            return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException("No answer in time.", e);
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage answer, Func<JsonElement, T> read, CancellationToken ct)
    {
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(ct);
            using var json = await JsonDocument.ParseAsync(body, cancellationToken: ct);
            return read(json.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw ApiErrors.NoJson(answer, _address.BaseUrl, e);
        }
        catch (Exception e) when (ApiErrors.IsConnectionFailure(e))
        {
            throw ApiErrors.Unanswered(e, _address.BaseUrl);
        }
    }

    private void AddHeader(string name, string? value)
    {
        if (value is not null)
        {
            _http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - DateTimeOffset.UtcNow is { Ticks: > 0 } wait ? wait : TimeSpan.Zero,
        _ => null,
    };
}
