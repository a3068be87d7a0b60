using BatchFunctions.Configuration;
using Microsoft.Extensions.Options;

namespace BatchFunctions.SignIn;

/// <summary>Checks the sign-in's settings when the host starts: half of a sign-in would be a door that nobody can open, or anybody.</summary>
internal sealed class SignInOptionsValidator : IValidateOptions<BatchOptions>
{
    public ValidateOptionsResult Validate(string? name, BatchOptions options)
    {
        string[] failures = [.. FailuresOf(options.SignIn)];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> FailuresOf(SignInOptions options)
    {
        if (!options.IsOn)
        {
            if (!string.IsNullOrEmpty(options.Audience) || !string.IsNullOrEmpty(options.ProjectClaim))
            {
                yield return "Batch__SignIn__Audience and __ProjectClaim need an issuer: set Batch__SignIn__TenantId to the Entra ID tenant's ID, or unset them to have no sign-in.";
            }

            yield break;
        }

        if (!string.IsNullOrEmpty(options.TenantId) && !string.IsNullOrEmpty(options.Authority))
        {
            yield return "Batch__SignIn__TenantId and Batch__SignIn__Authority are both set: the tenant has an authority of its own, so unset one.";
        }

        if (!string.IsNullOrEmpty(options.TenantId) && !Guid.TryParseExact(options.TenantId, "D", out _))
        {
            yield return "Batch__SignIn__TenantId must be the tenant's ID, a GUID such as 00000000-0000-0000-0000-000000000000 ('az account show --query tenantId'): a domain or 'common' does not name one issuer.";
        }

        if (!string.IsNullOrEmpty(options.Authority) && !SignInIssuer.IsAuthority(options.Authority))
        {
            yield return "Batch__SignIn__Authority must be an absolute https address without a query, such as https://login.example.com/realm, below which .well-known/openid-configuration is served: keys that come over http could be anybody's.";
        }

        if (string.IsNullOrWhiteSpace(options.Audience))
        {
            yield return "Batch__SignIn__Audience is not set: set it to the client ID of the service's app registration, or tokens for any other application of the tenant would be accepted.";
        }
    }
}
