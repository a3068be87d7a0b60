using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Page;

/// <summary>The content codings that the page's files are sent in, and the choice between them (RFC 9110, 12.5.3).</summary>
internal static class ContentCodings
{
    public const string Brotli = "br";
    public const string Gzip = "gzip";

    private const string Identity = "identity";
    private const string Any = "*";

    /// <summary>
    /// The coding that a request likes best, among equals the one that compresses best; null for none. Without the header
    /// nothing is compressed: what cannot say so may not be able to decode.
    /// </summary>
    public static string? Choose(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().AcceptEncoding;
        var best = new[] { Brotli, Gzip }.MaxBy(coding => QualityOf(coding, accepted))!;
        var quality = QualityOf(best, accepted);
        return quality > 0 && quality >= (Listed(Identity, accepted) ?? 0) ? best : null;
    }

    private static double QualityOf(string coding, IList<StringWithQualityHeaderValue> accepted) =>
        Listed(coding, accepted) ?? Listed(Any, accepted) ?? 0;

    private static double? Listed(string coding, IList<StringWithQualityHeaderValue> accepted) =>
        accepted.FirstOrDefault(one => one.Value.Equals(coding, StringComparison.OrdinalIgnoreCase)) is { } listed
            ? listed.Quality ?? 1
            : null;
}
