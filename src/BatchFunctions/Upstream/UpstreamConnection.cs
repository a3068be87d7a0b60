using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using BatchFunctions.Configuration;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Upstream;

/// <summary>Makes one attempt at one line at an upstream: posts it, reads the answer, and tells the ways of failing apart.</summary>
internal sealed class UpstreamConnection(IHttpClientFactory clients, UpstreamSettings settings, TimeProvider time)
{
    /// <summary>The named <see cref="HttpClient"/> that the lines are sent with to the upstream without a name.</summary>
    public const string HttpClientName = "BatchFunctions.Upstream";

    private const string Models = "/v1/models";

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>How long an upstream that is alive may take to say so.</summary>
    private static readonly TimeSpan AliveWithin = TimeSpan.FromSeconds(10);

    /// <summary>Bytes from which on a body is announced before it is sent.</summary>
    private const int LargeBody = 512 * 1024;

    private static readonly string[] RequestIdHeaders = ["x-request-id", "apim-request-id"];

    private readonly HttpClient _client = clients.CreateClient(HttpClientNameOf(settings.Name));
    private readonly UpstreamOptions _options = settings.Options;
    private readonly Uri _root = UpstreamAddress.TryParse(settings.Options.BaseUrl, out var root)
        ? root
        : throw new OptionsValidationException(BatchOptions.Section, typeof(BatchOptions), [settings.Naming(UpstreamAddress.Requirement)]);

    private readonly ConcurrentDictionary<string, Uri> _addresses = new(StringComparer.Ordinal);

    /// <summary>The named <see cref="HttpClient"/> that the lines are sent with to an upstream.</summary>
    public static string HttpClientNameOf(string upstream) =>
        upstream == UpstreamSettings.DefaultName ? HttpClientName : $"{HttpClientName}.{upstream}";

    /// <summary>Makes the attempt.</summary>
    /// <param name="line">The line.</param>
    /// <param name="model">The model's name that is sent in the place of the line's own, as JSON; null where that is sent.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task<Reply> PostAsync(UpstreamRequest line, byte[]? model, CancellationToken ct)
    {
        using var limit = new AttemptLimit(_options.Timeout, time, ct);
        try
        {
            return await ExchangeAsync(line, model, limit, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException) when (limit.IsOver)
        {
            return new Reply.TimedOut();
        }
        catch (OperationCanceledException exception)
        {
            // Neither of the two: it is how SocketsHttpHandler reports its ConnectTimeout.
            return new Reply.Unreachable(exception);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError
            is HttpRequestError.ConnectionError
            or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError
            or HttpRequestError.UserAuthenticationError)
        {
            // The last is a token that is not to be had: nothing has been sent then either.
            return new Reply.Unreachable(exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new Reply.Broken(exception);
        }
    }

    /// <summary>
    /// Asks for the list of models, to see whether the upstream is alive: before a line is sent that may be what kills it.
    /// Any answer will do.
    /// </summary>
    /// <returns>Null when it is alive.</returns>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task<Reply.Unreachable?> FindDeadAsync(CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(AliveWithin, time);
        using var cancelled = ct.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            using var response = await _client.GetAsync(AddressOf(Models), HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return null;
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is not OutOfMemoryException)
        {
            return new Reply.Unreachable(e);
        }
    }

    /// <summary>Asks for the list of models.</summary>
    /// <returns>The answer, with its body still to be read.</returns>
    /// <exception cref="HttpRequestException">There is none, or none with a success.</exception>
    public async Task<HttpResponseMessage> GetModelsAsync(CancellationToken ct)
    {
        var response = await _client.GetAsync(AddressOf(Models), HttpCompletionOption.ResponseHeadersRead, ct);
        try
        {
            return response.EnsureSuccessStatusCode();
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<Reply> ExchangeAsync(UpstreamRequest line, byte[]? model, AttemptLimit limit, CancellationToken ct)
    {
        using HttpContent content = model is not null && line.Model.IsNamed
            ? new SplicedContent(line.Body[..line.Model.Start], model, line.Body[(line.Model.Start + line.Model.Length)..])
            : new ReadOnlyMemoryContent(line.Body);
        content.Headers.ContentType = Json;
        using var request = new HttpRequestMessage(HttpMethod.Post, AddressOf(line.Endpoint))
        {
            Content = content,

            // With HTTP/2 the body may still be on its way out when the answer is in, and its memory is the caller's.
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        // Who is refused for the size of the body is told before it is sent. One that breaks off the sending to say so may
        // break the connection faster than its answer can be read.
        request.Headers.ExpectContinue = line.Body.Length >= LargeBody;
        request.Headers.TryAddWithoutValidation("Accept-Encoding", AnswerDecoding.Accepted);
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        return await ReadAsync(response, line.Memory, limit, ct);
    }

    /// <summary>
    /// Reads an answer, as far and as fast as it may be held. While it may not it stays where it is, in the connection, and its
    /// time does not run.
    /// </summary>
    private async Task<Reply> ReadAsync(HttpResponseMessage response, LineMemory memory, AttemptLimit limit, CancellationToken ct)
    {
        var received = "";
        try
        {
            // The length is absent for chunked bodies, and another's for compressed ones.
            if (response.Content.Headers.ContentLength > _options.MaxResponseBytes)
            {
                return new Reply.TooLarge();
            }

            await using var decoding = await AnswerDecoding.OpenAsync(response.Content, limit.Token);
            try
            {
                var announced = response.Content.Headers.ContentEncoding.Count == 0 ? response.Content.Headers.ContentLength : null;
                var body = await AnswerBody.ReadAsync(
                    decoding.Content,
                    announced,
                    _options.MaxResponseBytes,
                    bytes => limit.StandStillAsync(memory.HoldAnswerAsync(bytes, ct)),
                    limit.Token);
                return body is not null
                    ? new Reply.Answer(
                        response.IsSuccessStatusCode && body.ErrorStatus is { } error ? error : (int)response.StatusCode,
                        RequestIdOf(response.Headers),
                        body,
                        RetryAfter.Read(response.Headers, time.GetUtcNow()),
                        response.Headers.Location is { } location ? UpstreamAddress.Shown(location.OriginalString) : null)
                    : new Reply.TooLarge();
            }
            catch
            {
                received = decoding.Received;
                throw;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
        {
            // Whatever a decoder or a parser throws at what this one line was answered: it is the line's, and nobody else's.
            return new Reply.Garbled((int)response.StatusCode, received, e);
        }
    }

    // There are as many endpoints as the settings offer: a handful.
    private Uri AddressOf(string endpoint) => _addresses.GetOrAdd(endpoint, static (path, root) => UpstreamAddress.For(root, path), _root);

    private static string? RequestIdOf(HttpResponseHeaders headers)
    {
        foreach (var name in RequestIdHeaders)
        {
            if (headers.NonValidated.TryGetValues(name, out var values))
            {
                return values.ToString();
            }
        }

        return null;
    }
}
