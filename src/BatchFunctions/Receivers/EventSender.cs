using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using BatchFunctions.Configuration;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Receivers;

/// <summary>Sends events. Redirects are not followed, and of an answer nothing but its status and <c>Retry-After</c> is read.</summary>
internal sealed class EventSender(IHttpClientFactory clients, IOptions<BatchOptions> options, TimeProvider time)
{
    /// <summary>The name of the HTTP client.</summary>
    public const string HttpClientName = "BatchFunctions.Receivers";

    /// <summary>Makes one attempt. It fails only with the caller's own cancellation.</summary>
    /// <param name="receiver">Whom the event is sent to.</param>
    /// <param name="id">The event's id, the same at each attempt.</param>
    /// <param name="body">The event.</param>
    /// <param name="ct">Cancels the attempt.</param>
    public async Task<ReceiverAnswer> SendAsync(Receiver receiver, string id, byte[] body, CancellationToken ct)
    {
        if (receiver.Url.Scheme != Uri.UriSchemeHttps && !options.Value.Webhooks.IsTrusted(receiver.Url.IdnHost))
        {
            // It was given while its host was allowed, and would be sent to in clear.
            return new ReceiverAnswer(null, ReceiverAnswer.Refused, null);
        }

        var now = time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, receiver.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add(EventSignature.IdHeader, id);
        request.Headers.Add(EventSignature.TimeHeader, now.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(EventSignature.Header, EventSignature.Of(receiver.Secrets, id, now, body));
        using var limit = new CancellationTokenSource(options.Value.Webhooks.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            using var client = clients.CreateClient(HttpClientName);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return new ReceiverAnswer((int)response.StatusCode, null, RetryAfter.Read(response.Headers, time.GetUtcNow()));
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is not OutOfMemoryException)
        {
            return new ReceiverAnswer(null, limit.IsCancellationRequested ? ReceiverAnswer.Timeout : ErrorOf(e), null);
        }
    }

    private static string ErrorOf(Exception e) => (e as HttpRequestException)?.InnerException switch
    {
        AddressRefusedException => ReceiverAnswer.Refused,
        AuthenticationException => ReceiverAnswer.Insecure,
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } => ReceiverAnswer.Unknown,
        _ => ReceiverAnswer.Unreachable,
    };
}

/// <summary>Whom an event is sent to.</summary>
/// <param name="Url">Where.</param>
/// <param name="Secrets">What it is signed with: several while one takes another's place.</param>
internal sealed record Receiver(Uri Url, IReadOnlyList<string> Secrets);

/// <summary>What came of an attempt.</summary>
/// <param name="Status">The HTTP status; null if there was no answer.</param>
/// <param name="Error">Why there was none; null if there was.</param>
/// <param name="RetryAfter">The wait that it asks for.</param>
internal sealed record ReceiverAnswer(int? Status, string? Error, TimeSpan? RetryAfter)
{
    /// <summary>The receiver took too long.</summary>
    public const string Timeout = "timeout";

    /// <summary>The receiver's host has no address that events may be sent to, or not by http.</summary>
    public const string Refused = "address_not_allowed";

    /// <summary>The receiver's certificate is not good.</summary>
    public const string Insecure = "tls_failed";

    /// <summary>The receiver's host has no address.</summary>
    public const string Unknown = "host_not_found";

    /// <summary>Nobody answered, or not in HTTP.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>Whether the event has arrived.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Whether the receiver wants no more events (410, as Standard Webhooks has it).</summary>
    public bool IsGone => Status == 410;
}
