using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Http;

/// <summary>
/// The key that a caller gives a request so that sending it again makes nothing more: a header, in the form of
/// draft-ietf-httpapi-idempotency-key-header, or a property of the body, as ogx has it.
/// </summary>
internal static class IdempotencyKey
{
    /// <summary>The header, which the answer repeats.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>The property of the body, or the field of the form.</summary>
    public const string Property = "idempotency_key";

    /// <summary>Tells that an answer is of something that was there before.</summary>
    private const string ReplayedHeader = "Idempotent-Replayed";

    public const int MaxCharacters = 255;

    /// <summary>The request's key; null if it has none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="inBody">The property of its body.</param>
    /// <exception cref="ApiException">It is no key, or header and body have different ones.</exception>
    public static string? Of(HttpRequest request, string? inBody)
    {
        var given = request.Headers[Header];
        var inHeader = given.Count switch
        {
            0 => null,
            1 => Checked(given[0] ?? "", Header),
            _ => throw new ApiException(ApiError.Duplicate(Header)),
        };
        var key = inBody is null ? inHeader : Checked(inBody, Property);
        return inHeader is null || inHeader == key
            ? key
            : throw new ApiException(ApiError.InvalidRequest($"Invalid '{Property}': the header '{Header}' has another key.", Property));
    }

    /// <summary>Repeats the key in the answer, and tells whether what it is about was there before.</summary>
    public static void Tell(HttpRequest request, string? key, bool isReplayed)
    {
        if (key is null)
        {
            return;
        }

        var headers = request.HttpContext.Response.Headers;
        headers[Header] = key;
        if (isReplayed)
        {
            headers[ReplayedHeader] = "true";
        }
    }

    private static string Checked(string key, string param) =>
        key.Length == 0 ? throw new ApiException(ApiError.InvalidRequest($"Invalid '{param}': the key is empty.", param))
        : key.Length > MaxCharacters ? throw new ApiException(ApiError.TooLong(param, MaxCharacters, key.Length))
        : key.AsSpan().ContainsAnyExceptInRange('!', '~') ? throw new ApiException(ApiError.InvalidRequest(
            $"Invalid '{param}': a key has printable ASCII characters and no spaces.", param))
        : key;
}
