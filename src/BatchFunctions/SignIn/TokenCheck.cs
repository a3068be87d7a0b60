using BatchFunctions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace BatchFunctions.SignIn;

/// <summary>Checks tokens (JWT, RFC 7519) by the issuer's keys, and reads from them which projects they open.</summary>
internal sealed class TokenCheck(IssuerKeys keys, IOptions<BatchOptions> options, TimeProvider time)
{
    /// <summary>How far the issuer's clock and this one may be apart.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>What stands before the project's name in an app role.</summary>
    public const string RolePrefix = "batch.project.";

    private const string RoleClaim = "roles";

    /// <summary>More than what a host lets through as headers.</summary>
    private const int LongestToken = 64 * 1024;

    /// <summary>Asymmetric ones alone: what the issuer publishes must verify tokens, and must not make them.</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = LongestToken, MapInboundClaims = false };

    /// <summary>Whether a text has the form of a token, which no key has: parts with dots between them, the first an object in base64.</summary>
    public static bool HasForm(string text) =>
        text.StartsWith("eyJ", StringComparison.Ordinal) && text.AsSpan().Count('.') >= 2;

    /// <summary>Checks a token.</summary>
    /// <exception cref="SignInUnavailableException">The issuer's keys are not to be had, so nothing is said of the token.</exception>
    public async ValueTask<TokenVerdict> CheckAsync(string token, CancellationToken ct)
    {
        var issuer = await keys.GetAsync(ct);
        var result = await ValidateAsync(token, issuer);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException && await keys.GetNewerAsync(issuer, ct) is { } newer)
        {
            result = await ValidateAsync(token, newer);
        }

        return result.IsValid
            ? new TokenVerdict(null, [.. ProjectsOf((JsonWebToken)result.SecurityToken)])
            : new TokenVerdict(RefusalOf(result.Exception), []);
    }

    private Task<TokenValidationResult> ValidateAsync(string token, OpenIdConnectConfiguration issuer) =>
        _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKeys = issuer.SigningKeys,
            ValidIssuers = SignInIssuer.IssuersOf(options.Value.SignIn, issuer.Issuer),
            ValidAudiences = SignInIssuer.AudiencesOf(options.Value.SignIn),
            ValidAlgorithms = Algorithms,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (from, until, _, _) => HasBegun(from) && until is { } end && !HasEnded(end),
        });

    private IEnumerable<string> ProjectsOf(JsonWebToken token)
    {
        var claim = options.Value.SignIn.ProjectClaim;
        return string.IsNullOrEmpty(claim)
            ? ValuesOf(token, RoleClaim)
                .Where(role => role.StartsWith(RolePrefix, StringComparison.Ordinal))
                .Select(role => role[RolePrefix.Length..])
            : ValuesOf(token, claim);
    }

    private static IEnumerable<string> ValuesOf(JsonWebToken token, string type) =>
        token.Claims.Where(claim => claim.Type == type).Select(claim => claim.Value).Distinct();

    private TokenRefusal RefusalOf(Exception? e) => e switch
    {
        SecurityTokenInvalidLifetimeException { Expires: { } end } => HasEnded(end) ? TokenRefusal.Expired : TokenRefusal.NotYetValid,
        SecurityTokenInvalidIssuerException => TokenRefusal.WrongIssuer,
        SecurityTokenInvalidAudienceException => TokenRefusal.WrongAudience,
        _ => TokenRefusal.NotVerified,
    };

    private bool HasBegun(DateTime? from) => from is not { } begin || time.GetUtcNow() + ClockSkew >= Utc(begin);

    private bool HasEnded(DateTime until) => time.GetUtcNow() - ClockSkew >= Utc(until);

    private static DateTimeOffset Utc(DateTime at) => new(DateTime.SpecifyKind(at, DateTimeKind.Utc));
}
