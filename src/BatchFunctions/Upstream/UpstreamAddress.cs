using System.Diagnostics.CodeAnalysis;

namespace BatchFunctions.Upstream;

/// <summary>
/// Where the upstream's API has its root: the base URL that a client of it is given, whatever its path. An address
/// without a path stands for <c>/v1</c>, which is where servers have it that name only host and port.
/// </summary>
internal static class UpstreamAddress
{
    /// <summary>What is wrong with an address that does not parse, and what to write instead; of the upstream without a name.</summary>
    public const string Requirement =
        "Batch__Upstream__BaseUrl must be an absolute http or https address without a user name or a fragment, " +
        "the root of the API as its clients take it: for instance http://127.0.0.1:8000/v1 or https://NAME.openai.azure.com/openai/v1.";

    // What an endpoint's name, and the path of an API without a path, begin with.
    private const string Version = "/v1";

    /// <summary>Reads the setting.</summary>
    /// <param name="baseUrl">The setting's value.</param>
    /// <param name="root">The root without a slash at its path's end; its query is kept.</param>
    public static bool TryParse(string? baseUrl, [NotNullWhen(true)] out Uri? root)
    {
        root = null;
        if (!Uri.TryCreate(baseUrl?.Trim(), UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.Host.Length == 0
            || uri.UserInfo.Length != 0
            || uri.Fragment.Length != 0)
        {
            return false;
        }

        var path = uri.AbsolutePath.TrimEnd('/');
        root = new UriBuilder(uri) { Path = path.Length == 0 ? Version : path }.Uri;
        return true;
    }

    /// <summary>An address as logs may have it: without its query, which may hold what is as good as a key.</summary>
    /// <param name="address">The setting's value, or where a redirect points.</param>
    public static string Shown(string address) => address.Split('?', 2) is [var before, _] ? before + "?…" : address;

    /// <summary>The address that an endpoint's lines are sent to: <c>/v1/embeddings</c> is <c>embeddings</c> below the root.</summary>
    /// <param name="root">What <see cref="TryParse"/> gave.</param>
    /// <param name="endpoint">The endpoint, which begins with <c>/v1/</c>.</param>
    public static Uri For(Uri root, string endpoint) =>
        new UriBuilder(root) { Path = root.AbsolutePath + endpoint[Version.Length..] }.Uri;
}
