using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;

namespace BatchFunctions.Cli.Api;

/// <summary>Turns failures between this program and the service into one line that says what to do.</summary>
internal static class ApiErrors
{
    private const int MostCharacters = 300;

    /// <summary>The code of a 403 that every key of the service gets.</summary>
    private const string WebhooksDisabled = "webhooks_disabled";

    /// <summary>Bytes from which on a request may be too large for some host; parts have 8 MB.</summary>
    private const long LargeFile = 8_000_000;

    /// <summary>Whether a failed request is worth retrying, by the official clients' rules.</summary>
    public static bool IsPassing(HttpResponseMessage answer)
    {
        if (answer.Headers.TryGetValues("x-should-retry", out var said) && bool.TryParse(said.First(), out var retry))
        {
            return retry;
        }

        return (int)answer.StatusCode is 408 or 409 or 429 or >= 500;
    }

    /// <summary>Whether an exception means that a connection failed or timed out.</summary>
    public static bool IsConnectionFailure(Exception e) => e is HttpRequestException or IOException or TimeoutException;

    /// <summary>The exception for a missing or incomplete answer.</summary>
    public static ApiException Unanswered(Exception e, Uri baseUrl)
    {
        var place = Shown(baseUrl);
        var line = e switch
        {
            TimeoutException or OperationCanceledException => $"{place} does not answer in time: try again later, or check OPENAI_BASE_URL.",
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } =>
                $"The host name {baseUrl.Host} cannot be resolved: check OPENAI_BASE_URL and the network.",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
                $"There is no secure connection to {place} ({Innermost(e)}): does OPENAI_BASE_URL say https though the service speaks http, or is its certificate not trusted here?",
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } =>
                $"Nothing answers at {place} ({Innermost(e)}): is the service running? Set OPENAI_BASE_URL to where it is.",
            _ => $"The connection to {place} broke off ({Innermost(e)}): try again.",
        };
        return new ApiException(line, status: 0, isPassing: true, e);
    }

    /// <summary>The exception for an answer with an error status.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="baseUrl">Who has given it.</param>
    /// <param name="silence">How long its body may take.</param>
    /// <param name="ct">Cancels the reading.</param>
    public static async Task<ApiException> RefusedAsync(HttpResponseMessage answer, Uri baseUrl, TimeSpan silence, CancellationToken ct)
    {
        var status = (int)answer.StatusCode;
        using var limit = new SilenceLimit(silence, ct);
        var (said, code) = await SaidAsync(answer, limit);
        var place = Shown(baseUrl);
        var line = status switch
        {
            >= 300 and < 400 =>
                $"{place} has moved to {answer.Headers.Location}: set OPENAI_BASE_URL to the new address.",
            401 => $"The service rejects the key (401): {said ?? "no reason given."} Check OPENAI_API_KEY, and that the key is for {place}.",
            403 when code == WebhooksDisabled => $"{said} (403)",
            403 => $"The key is not allowed to do this (403): {said ?? "no reason given."} Use another key in OPENAI_API_KEY.",
            404 or 405 when IsOfOurs(answer) =>
                $"{place} has no operation for this ({Reason(status, said)}): a BatchFunctions service has, if it is new enough. If it is one, check OPENAI_BASE_URL, which usually ends with /v1.",
            404 or 405 when said is null || IsOfNoObject(answer) =>
                $"{place} has no OpenAI-compatible Batch API ({Reason(status, said)}): check OPENAI_BASE_URL, which usually ends with /v1.",
            404 when IsOfWebhooks(answer) => $"{said} (404) `batch webhooks list` shows what this key can see.",
            404 => $"{said} (404) `batch list` shows what this key can see.",
            413 => $"The service accepts no request this large (413){(said is null ? "" : $": {said}")} Split the file, or upload it in parts with --parts.",
            429 => $"The service is busy, or limits this key (429): {said ?? "no reason given."} Try again later.",
            >= 500 when said is null && IsOfLargeFile(answer) =>
                $"The service failed ({status}) without a word, as the Functions host does where a request is too large for it: upload the file in parts with --parts.",
            >= 500 => $"The service failed ({status}): {said ?? "no reason given."} Try again later{RequestIdOf(answer)}.",
            _ => $"{said ?? "The service refused without a reason."} ({status})",
        };
        return new ApiException(line, status, IsPassing(answer));
    }

    /// <summary>The exception for an answer with the right status, but a body that is not the API's.</summary>
    public static ApiException NoJson(HttpResponseMessage answer, Uri baseUrl, Exception inner)
    {
        var kind = answer.Content.Headers.ContentType?.MediaType;
        var seen = kind is "text/html" ? "a web page" : $"something else ({kind ?? "of no type"})";
        return new ApiException(
            $"{Shown(baseUrl)} does not answer as an OpenAI-compatible API, but with {seen}: check OPENAI_BASE_URL, which usually ends with /v1.",
            (int)answer.StatusCode,
            isPassing: false,
            inner);
    }

    /// <summary>The base URL as the user wrote it, without a user name and password.</summary>
    public static string Shown(Uri baseUrl) =>
        baseUrl.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    private static bool IsOfWebhooks(HttpResponseMessage answer) =>
        answer.RequestMessage?.RequestUri?.AbsolutePath.Contains("/webhooks/", StringComparison.Ordinal) == true;

    /// <summary>Whether the request's path names no object, so that a 404 is about the operation.</summary>
    private static bool IsOfNoObject(HttpResponseMessage answer) =>
        answer.RequestMessage?.RequestUri?.Segments[^1] is "batches" or "files" or "uploads";

    /// <summary>Whether the request names no object, and is of an operation that OpenAI does not have.</summary>
    private static bool IsOfOurs(HttpResponseMessage answer) =>
        answer.RequestMessage?.RequestUri?.Segments[^1] is "limits" or "usage" or "webhooks" or "deliveries";

    private static string Reason(int status, string? said) =>
        string.Create(CultureInfo.InvariantCulture, $"{status}{(said is null ? "" : ": " + said.TrimEnd('.'))}");

    /// <summary>Whether the request was a file in one piece, and larger than a part would be.</summary>
    private static bool IsOfLargeFile(HttpResponseMessage answer) =>
        answer.RequestMessage is { RequestUri: { Segments: [.., "files"] } } request && LengthOf(request.Content) > LargeFile;

    /// <summary>What was sent, which may be given up by now; zero where its length was never told.</summary>
    private static long LengthOf(HttpContent? content) =>
        content is not null && content.Headers.NonValidated.TryGetValues("Content-Length", out var values)
        && long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : 0;

    /// <summary>
    /// The message in OpenAI's error envelope, with the parameter if it does not mention it, and its code; null for any other body.
    /// </summary>
    private static async Task<(string? Said, string? Code)> SaidAsync(HttpResponseMessage answer, SilenceLimit limit)
    {
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(limit.Token);
            using var json = await JsonDocument.ParseAsync(body, cancellationToken: limit.Token);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var error)
                ? (MessageOf(error), TextOf(error, "code"))
                : (null, null);
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException or InvalidOperationException || (e is OperationCanceledException && limit.IsStandstill))
        {
            // InvalidOperationException: a surrogate without its partner.
            return (null, null);
        }
    }

    private static string? MessageOf(JsonElement error)
    {
        var message = error.ValueKind == JsonValueKind.String ? error.GetString() : TextOf(error, "message");
        if (string.IsNullOrWhiteSpace(message))
        {
            return null;
        }

        var line = string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        line = line.Length > MostCharacters ? line[..MostCharacters] + "…" : line;
        line = line[^1] is '.' or '!' or '?' or '…' ? line : line + '.';
        return TextOf(error, "param") is { Length: > 0 } param && !line.Contains(param, StringComparison.Ordinal)
            ? $"{line[..^1]} ({param})."
            : line;
    }

    private static string? TextOf(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static string RequestIdOf(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("x-request-id", out var ids) ? $" (x-request-id: {ids.First()})" : "";

    private static string Innermost(Exception e)
    {
        var cause = e.GetBaseException();
        return cause is SocketException socket ? new SocketException(socket.ErrorCode).Message : cause.Message.Split('\n')[0].TrimEnd('.');
    }
}
