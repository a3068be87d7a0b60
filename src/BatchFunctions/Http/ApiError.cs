using System.Globalization;

namespace BatchFunctions.Http;

/// <summary>
/// An error of the API, as in its envelope, in OpenAI's wording where it is known. Errors about one kind of object are
/// defined beside it (<c>BatchErrors</c>, <c>FileErrors</c>, <c>UploadErrors</c>), those of a batch's lines in
/// <c>LineProblem</c>.
/// </summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">The kind of error, by which official clients group them.</param>
/// <param name="Message">The message, for people.</param>
/// <param name="Param">The parameter that is wrong, if any.</param>
/// <param name="Code">The error code, for programs.</param>
internal sealed record ApiError(int Status, string Type, string Message, string? Param, string? Code)
{
    public const string InvalidRequestType = "invalid_request_error";
    public const string ServerType = "server_error";

    /// <summary>Whether a 409 or 429 passes by itself: official clients then try again, which they are told not to otherwise.</summary>
    public bool Passes { get; init; }

    /// <summary>When it may have passed, as the answer's <c>Retry-After</c>; null where nobody knows.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ApiError NoKey { get; } = new(
        401,
        InvalidRequestType,
        "You didn't provide an API key. Send one in an Authorization header: 'Authorization: Bearer YOUR_KEY'.",
        null,
        "invalid_api_key");

    public static ApiError KeyWithoutScheme { get; } = new(
        401,
        InvalidRequestType,
        "The Authorization header has no 'Bearer' before the API key. Send 'Authorization: Bearer YOUR_KEY'.",
        null,
        "invalid_api_key");

    public static ApiError WrongKey { get; } = new(
        401,
        InvalidRequestType,
        "Incorrect API key provided. It is unknown here, or was revoked: use one that 'keys add' has made for this service.",
        null,
        "invalid_api_key");

    public static ApiError KeyExpired(DateTimeOffset end) => new(
        401,
        InvalidRequestType,
        Text($"The API key has expired, on {end.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC. Ask for another, which 'keys add' makes."),
        null,
        "expired_api_key");

    public static ApiError StorageUnavailable { get; } = new(
        503, ServerType, "Storage is not available at the moment. Please try again in a few seconds.", null, "storage_unavailable");

    public static ApiError Upgrading { get; } = new(
        503, ServerType, "The service is being upgraded. Please try again in a few seconds.", null, "service_upgrading");

    public static ApiError OperatorsOnly { get; } = new(
        403,
        InvalidRequestType,
        "This is for operators: the key's project has not the role 'operator', which 'projects set NAME --role operator' gives.",
        null,
        "operators_only");

    public static ApiError ProjectErased { get; } = new(
        403, InvalidRequestType, "The project is being erased: it takes no requests any more.", null, "project_being_erased");

    public static ApiError Contended { get; } = new(
        409, InvalidRequestType, "The object is being changed by other requests. Please try again.", null, "conflict")
    {
        Passes = true,
    };

    public static ApiError KeyReused { get; } = new(
        409,
        InvalidRequestType,
        "Conflict: the idempotency key was used in the last day for a request that asked for something else. Use another key for another request.",
        IdempotencyKey.Header,
        "idempotency_key_reused");

    public static ApiError BodyNotJson { get; } = new(
        400, InvalidRequestType, "The body of the request is not valid JSON.", null, "invalid_json");

    public static ApiError BodyNotObject { get; } = new(
        400, InvalidRequestType, "The body of the request must be a JSON object.", null, "invalid_json");

    public static ApiError InvalidRequest(string message, string? param, string? code = "invalid_value") =>
        new(400, InvalidRequestType, message, param, code);

    public static ApiError NotFound(string message, string? param = null) =>
        new(404, InvalidRequestType, message, param, null);

    public static ApiError Conflict(string message) => new(409, InvalidRequestType, message, null, "invalid_state");

    public static ApiError NoRoute(string method, string path) =>
        new(404, InvalidRequestType, $"Invalid URL ({method} {path}).", null, "unknown_url");

    public static ApiError MethodNotAllowed(string method, string path) =>
        new(405, InvalidRequestType, $"Not allowed to {method} on {path}.", null, "method_not_allowed");

    public static ApiError TooLarge(long max) => new(
        413, InvalidRequestType, Text($"The request is too large. The maximum is {max} bytes."), null, "request_too_large");

    public static ApiError TooSlow(int bytesPerSecond, int seconds) => new(
        408,
        InvalidRequestType,
        Text($"The body of the request came too slowly: less than {bytesPerSecond} bytes a second over {seconds} seconds. Please send it again."),
        null,
        "request_timeout");

    public static ApiError Refused(int status, string message) =>
        new(status, InvalidRequestType, message, null, "invalid_request");

    public static ApiError WrongContentType(string expected) => new(
        415, InvalidRequestType, $"Unsupported content type. Send the body as '{expected}'.", null, "unsupported_media_type");

    public static ApiError Internal(string requestId) => new(
        500,
        ServerType,
        $"The server had an error while processing your request. Please report it with the request id {requestId}.",
        null,
        "internal_error");

    public static ApiError AboveMax(string param, string given, long max) => InvalidRequest(
        Text($"Invalid '{param}': integer above maximum value. Expected a value <= {max}, but got {given} instead."),
        param,
        "integer_above_max_value");

    public static ApiError BelowMin(string param, string given, long min) => InvalidRequest(
        Text($"Invalid '{param}': integer below minimum value. Expected a value >= {min}, but got {given} instead."),
        param,
        "integer_below_min_value");

    public static ApiError WrongType(string param, string expected, string actual) => InvalidRequest(
        $"Invalid type for '{param}': expected {expected}, but got {actual} instead.", param, "invalid_type");

    public static ApiError Missing(string param) =>
        InvalidRequest($"Missing required parameter: '{param}'.", param, "missing_required_parameter");

    public static ApiError Unknown(string param) =>
        InvalidRequest($"Unknown parameter: '{param}'.", param, "unknown_parameter");

    public static ApiError Duplicate(string param) =>
        InvalidRequest($"Duplicate parameter: '{param}'.", param, "duplicate_parameter");

    public static ApiError TooLong(string param, int max, int length) => InvalidRequest(
        Text($"Invalid '{param}': string too long. Expected a string with maximum length {max}, but got a string with length {length} instead."),
        param,
        "string_above_max_length");

    public static ApiError TooManyProperties(string param, int max, int count) => InvalidRequest(
        Text($"Invalid '{param}': too many properties. Expected an object with at most {max} properties, but got {count} properties instead."),
        param,
        "object_above_max_properties");

    public static ApiError NotUnicode(string param) =>
        InvalidRequest($"Invalid '{param}': the string has a surrogate without its partner, which is no valid Unicode.", param);

    public static ApiError Unsupported(string param, string given, IEnumerable<string> supported) => InvalidRequest(
        $"Invalid value: '{given}'. Supported values are: {string.Join(", ", supported.Select(value => $"'{value}'"))}.", param);

    /// <summary>A cursor that is not an id. It is not echoed back: it could be anything, even a key.</summary>
    public static ApiError BadCursor(string param, string form) =>
        InvalidRequest($"Invalid '{param}': expected an id, which is {form}.", param);

    /// <summary>A caller's text, made fit to be echoed back: cut short, and without control characters.</summary>
    public static string Shown(string text)
    {
        var cut = text.Length <= 64 ? text : text[..64] + "…";
        return string.Concat(cut.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }

    /// <summary>Formats the text in the invariant culture.</summary>
    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
