using BatchFunctions.Configuration;

namespace BatchFunctions.SignIn;

/// <summary>What the settings say of the issuer and of its tokens.</summary>
internal static class SignInIssuer
{
    private const string AppIdUri = "api://";
    private const string Metadata = ".well-known/openid-configuration";

    /// <summary>Whether a text is an address that keys may be read from: https, or this machine itself.</summary>
    public static bool IsAuthority(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
        && address is { Query: "", Fragment: "", UserInfo: "" };

    /// <summary>Whether metadata and keys must come over https: all but those of an issuer on this machine.</summary>
    public static bool RequiresHttps(SignInOptions options) =>
        options.Authority?.StartsWith(Uri.UriSchemeHttp + Uri.SchemeDelimiter, StringComparison.OrdinalIgnoreCase) is not true;

    /// <summary>Where the issuer's metadata is.</summary>
    public static Uri MetadataOf(SignInOptions options)
    {
        var authority = string.IsNullOrEmpty(options.TenantId)
            ? options.Authority!
            : $"https://login.microsoftonline.com/{options.TenantId}/v2.0";
        return new Uri($"{authority.TrimEnd('/')}/{Metadata}");
    }

    /// <summary>
    /// The issuers of good tokens: the one of the metadata, and for an Entra ID tenant its name in tokens of version 1, which
    /// are what an app registration gets unless its manifest asks for version 2. The same keys sign both.
    /// </summary>
    public static IEnumerable<string> IssuersOf(SignInOptions options, string published) =>
        string.IsNullOrEmpty(options.TenantId) ? [published] : [published, $"https://sts.windows.net/{options.TenantId}/"];

    /// <summary>
    /// The audiences of good tokens: a client ID and the application ID URI that is made of it are one application, however the setting writes them,
    /// and tokens have them in lower case.
    /// </summary>
    public static IEnumerable<string> AudiencesOf(SignInOptions options)
    {
        var audience = options.Audience!;
        var hasUri = audience.StartsWith(AppIdUri, StringComparison.OrdinalIgnoreCase);
        if (!Guid.TryParseExact(hasUri ? audience[AppIdUri.Length..] : audience, "D", out var id))
        {
            return [audience];
        }

        var client = id.ToString("D");
        IEnumerable<string> usual = hasUri ? [AppIdUri + client, client] : [client, AppIdUri + client];
        return usual.Prepend(audience).Distinct(StringComparer.Ordinal);
    }
}
