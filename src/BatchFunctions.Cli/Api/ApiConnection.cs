using System.Net.Http.Headers;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Polly;
using Polly.Retry;

namespace BatchFunctions.Cli.Api;

/// <summary>
/// Sends requests to the service. Transient failures are retried a few times, as the official clients do; what fails
/// for good is thrown as <see cref="ApiException"/>.
/// </summary>
internal sealed class ApiConnection : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    private readonly ServiceAddress _address;
    private readonly ApiTimes _times;
    private readonly SocketsHttpHandler _connections;
    private readonly HttpClient _http;
    private readonly ResiliencePipeline<HttpResponseMessage> _tries;

    /// <summary>Makes a connection to one service.</summary>
    public ApiConnection(ServiceAddress address, ApiTimes times)
    {
        _address = address;
        _times = times;
        _connections = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = ConnectLimit };
        _http = new HttpClient(_connections) { BaseAddress = address.BaseUrl, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", address.Key);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd($"batch/{Assembly.GetExecutingAssembly().GetName().Version?.ToString(3)}");
        AddHeader("OpenAI-Organization", address.Organization);
        AddHeader("OpenAI-Project", address.Project);
        _tries = new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = times.Retries,
                Delay = times.FirstDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = tried => ValueTask.FromResult(tried.Outcome switch
                {
                    { Exception: { } e } => ApiErrors.IsConnectionFailure(e),
                    { Result: { } answer } => ApiErrors.IsPassing(answer) && !(RetryAfter(answer) > times.LongestDelay),
                    _ => false,
                }),
                DelayGenerator = tried => ValueTask.FromResult(tried.Outcome.Result is { } answer ? RetryAfter(answer) : null),
            })
            .Build();
    }

    /// <summary>
    /// Whether the service has said, by repeating a request's key in its answer, that a request which comes twice with one key makes one thing.
    /// </summary>
    public bool KnowsKeys { get; private set; }

    /// <summary>The service's base URL, for messages.</summary>
    public string Place => ApiErrors.Shown(_address.BaseUrl);

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _connections.Dispose();
    }

    /// <summary>Sends a request and reads the object in the answer.</summary>
    /// <param name="request">
    /// Makes the request, anew for each try; its argument must be called whenever some of the body has been sent.
    /// </param>
    /// <param name="read">Reads the object from the JSON.</param>
    /// <param name="repeat">Whether the request may be retried even though it may have taken effect.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task<T> AskAsync<T>(
        Func<Action, HttpRequestMessage> request, Func<JsonElement, T> read, bool repeat, CancellationToken ct)
    {
        using var answer = await SendAsync(request, repeat, ct);
        try
        {
            using var limit = new SilenceLimit(_times.Silence, ct);
            await using var body = await answer.Content.ReadAsStreamAsync(limit.Token);
            using var json = await JsonDocument.ParseAsync(body, cancellationToken: limit.Token);
            return read(json.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw ApiErrors.NoJson(answer, _address.BaseUrl, e);
        }
        catch (Exception e) when (ApiErrors.IsConnectionFailure(e) || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw ApiErrors.Unanswered(e, _address.BaseUrl);
        }
    }

    /// <summary>Sends a request and reads an object of a known type.</summary>
    public Task<T> AskAsync<T>(
        Func<Action, HttpRequestMessage> request, JsonTypeInfo<T> type, bool repeat, CancellationToken ct) =>
        AskAsync(request, json => json.Deserialize(type) ?? throw new JsonException("Nothing."), repeat, ct);

    /// <summary>Sends a request whose answer's body the caller reads as a stream.</summary>
    public Task<HttpResponseMessage> OpenAsync(Func<HttpRequestMessage> request, CancellationToken ct) =>
        SendAsync(_ => request(), repeat: true, ct);

    /// <summary>The exception for a failure while a body was read.</summary>
    public ApiException BrokenOff(Exception e) => ApiErrors.Unanswered(e, _address.BaseUrl);

    private async Task<HttpResponseMessage> SendAsync(Func<Action, HttpRequestMessage> request, bool repeat, CancellationToken ct)
    {
        try
        {
            var answer = repeat
                ? await _tries.ExecuteAsync(async token => await SendOnceAsync(request, token), ct)
                : await SendOnceAsync(request, ct);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            using (answer)
            {
                throw await ApiErrors.RefusedAsync(answer, _address.BaseUrl, _times.Silence, ct);
            }
        }
        catch (Exception e) when (ApiErrors.IsConnectionFailure(e))
        {
            throw ApiErrors.Unanswered(e, _address.BaseUrl);
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(Func<Action, HttpRequestMessage> request, CancellationToken ct)
    {
        using var limit = new SilenceLimit(_times.Silence, ct);
        using var message = request(limit.GotOn);
        try
        {
            var answer = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            KnowsKeys |= message.Headers.Contains(ApiClient.KeyHeader) && answer.Headers.Contains(ApiClient.KeyHeader);
            return answer;
        }
        catch (OperationCanceledException e) when (limit.IsStandstill)
        {
            throw new TimeoutException("No answer in time.", e);
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
