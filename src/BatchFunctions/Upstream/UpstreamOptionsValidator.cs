using BatchFunctions.Configuration;
using BatchFunctions.Routing;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Upstream;

/// <summary>Checks what only the upstreams' own rooms can read, beside what the settings say of themselves.</summary>
internal sealed class UpstreamOptionsValidator : IValidateOptions<BatchOptions>
{
    private const string CredentialSetting = "Batch__Upstream__Credential";

    /// <summary>The longest name: it is a row's key and a label of metrics.</summary>
    private const int LongestName = 32;

    public ValidateOptionsResult Validate(string? name, BatchOptions options)
    {
        string[] failures =
        [
            .. NameFailuresOf(options),
            .. options.AllUpstreams.SelectMany(static upstream =>
                FailuresOf(upstream.Options).Select(upstream.Naming).Concat(ModelSettings.ProblemsOf(upstream))),
        ];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> NameFailuresOf(BatchOptions options)
    {
        foreach (var name in options.Upstreams.Keys.Where(static name => name.Length > LongestName || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')))
        {
            yield return $"Batch__Upstreams__{name} has a name that is none: up to {LongestName} letters, digits, hyphens and underscores, for instance Batch__Upstreams__gpu1__BaseUrl.";
        }

        if (options.Upstreams.Count == 0)
        {
            yield break;
        }

        var lone = options.Upstream;
        if (!string.IsNullOrEmpty(lone.BaseUrl))
        {
            if (options.Upstreams.ContainsKey(UpstreamSettings.DefaultName))
            {
                yield return $"Batch__Upstream__BaseUrl and Batch__Upstreams__{UpstreamSettings.DefaultName} are both set, and both are the upstream named '{UpstreamSettings.DefaultName}': give the second another name.";
            }
        }
        else if (!string.IsNullOrEmpty(lone.ApiKey) || lone.Models.Count > 0 || lone.Aliases.Count > 0 || lone.Headers.Count > 0)
        {
            yield return "Batch__Upstream__ApiKey, __Models, __Aliases or __Headers is set, but Batch__Upstream__BaseUrl is not: set that too, or set these for one of Batch__Upstreams__NAME.";
        }
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
