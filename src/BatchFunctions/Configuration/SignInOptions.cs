namespace BatchFunctions.Configuration;

/// <summary>
/// Sign-in with tokens of Microsoft Entra ID, or of another issuer that publishes OpenID Connect metadata, beside keys. It is off
/// where neither <see cref="TenantId"/> nor <see cref="Authority"/> is set.
/// </summary>
public sealed class SignInOptions
{
    /// <summary>The Entra ID tenant whose tokens are accepted, a GUID: <c>az account show --query tenantId</c>.</summary>
    public string? TenantId
    {
        get;

        // As the issuer writes it in its tokens.
        set => field = value?.Trim().ToLowerInvariant();
    }

    /// <summary>
    /// In place of <see cref="TenantId"/>: the address below which the issuer serves <c>.well-known/openid-configuration</c>, for a
    /// national cloud or another issuer. It begins with https, except on the loopback address.
    /// </summary>
    public string? Authority { get; set => field = value?.Trim(); }

    /// <summary>
    /// Whom a token must have been made for: the client ID of the service's app registration, or its application ID URI. A client ID
    /// stands for <c>api://CLIENT_ID</c> too, and the other way round: tokens of Entra ID's version 1 have the one, those of
    /// version 2 the other.
    /// </summary>
    public string? Audience { get; set => field = value?.Trim(); }

    /// <summary>
    /// The claim whose value is the project's name. Where this is not set, the app role <c>batch.project.NAME</c> names it.
    /// </summary>
    public string? ProjectClaim { get; set => field = value?.Trim(); }

    /// <summary>Whether tokens are accepted at all.</summary>
    internal bool IsOn => !string.IsNullOrEmpty(TenantId) || !string.IsNullOrEmpty(Authority);
}
