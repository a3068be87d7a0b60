using System.Diagnostics.CodeAnalysis;

namespace BatchFunctions.Upstream;

/// <summary>The upstream's address, as the setting gives it: with or without <c>/v1</c>, with or without a slash at its end.</summary>
internal static class UpstreamAddress
{
    /// <summary>What is wrong with an address that does not parse, and what to write instead.</summary>
    public const string Requirement =
        "Batch__Upstream__BaseUrl must be an absolute http or https address without a user name or a fragment, " +
        "with or without /v1 at its end: for instance http://127.0.0.1:8000/v1 or https://NAME.openai.azure.com/openai/v1.";

    private const string Version = "/v1";

    /// <summary>Reads the setting.</summary>
    /// <param name="baseUrl">The setting's value.</param>
    /// <param name="address">The address without <c>/v1</c> and without a slash at its path's end; its query is kept.</param>
    public static bool TryParse(string? baseUrl, [NotNullWhen(true)] out Uri? address)
    {
        address = null;
        if (!Uri.TryCreate(baseUrl?.Trim(), UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.Host.Length == 0
            || uri.UserInfo.Length != 0
            || uri.Fragment.Length != 0)
        {
            return false;
        }

        var path = uri.AbsolutePath.TrimEnd('/');
        if (path.EndsWith(Version, StringComparison.OrdinalIgnoreCase))
        {
            path = path[..^Version.Length].TrimEnd('/');
        }

        address = new UriBuilder(uri) { Path = path }.Uri;
        return true;
    }

    /// <summary>The address that an endpoint's lines are sent to.</summary>
    /// <param name="address">What <see cref="TryParse"/> gave.</param>
    /// <param name="endpoint">The endpoint, which begins with <c>/v1/</c>.</param>
    public static Uri For(Uri address, string endpoint) =>
        new UriBuilder(address) { Path = address.AbsolutePath.TrimEnd('/') + endpoint }.Uri;
}
