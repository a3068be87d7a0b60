using BatchFunctions.Configuration;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Upstream;

/// <summary>Checks what only the upstream's own room can read, beside what the settings say of themselves.</summary>
internal sealed class UpstreamOptionsValidator : IValidateOptions<BatchOptions>
{
    private const string CredentialSetting = "Batch__Upstream__Credential";

    public ValidateOptionsResult Validate(string? name, BatchOptions options)
    {
        string[] failures = [.. FailuresOf(options.Upstream)];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> FailuresOf(UpstreamOptions options)
    {
        if (!UpstreamAddress.TryParse(options.BaseUrl, out var root))
        {
            yield return UpstreamAddress.Requirement;
        }

        foreach (var problem in UpstreamHeaders.ProblemsOf(options))
        {
            yield return problem;
        }

        if (options.Credential is null)
        {
            yield break;
        }

        if (!string.IsNullOrEmpty(options.ApiKey))
        {
            yield return $"Batch__Upstream__ApiKey and {CredentialSetting} are both set: the upstream takes a key or an identity's token, so unset one.";
        }

        // A token that somebody reads on its way opens the upstream to them, like a key but without anybody's doing.
        if (root is { IsLoopback: false } && root.Scheme != Uri.UriSchemeHttps)
        {
            yield return $"{CredentialSetting} sends tokens, so Batch__Upstream__BaseUrl must begin with https.";
        }
    }
}
