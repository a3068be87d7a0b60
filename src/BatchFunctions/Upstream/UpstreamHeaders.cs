using System.Net.Http.Headers;
using BatchFunctions.Configuration;

namespace BatchFunctions.Upstream;

/// <summary>The headers that each request to the upstream has by the settings: the additional ones, and the key's.</summary>
internal static class UpstreamHeaders
{
    private const string Setting = "Batch__Upstream__Headers";

    // Between two hops, or about a body that the service sends by itself.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection",
        "Expect",
        "Host",
        "Keep-Alive",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    };

    /// <summary>Adds them to what a client sends with each request.</summary>
    /// <param name="headers">The client's headers; one that is there is replaced.</param>
    /// <param name="options">Settings that <see cref="ProblemsOf"/> has nothing to say about.</param>
    public static void AddTo(HttpRequestHeaders headers, UpstreamOptions options)
    {
        foreach (var (name, value) in options.Headers.Select(Read))
        {
            headers.Remove(name);
            if (value.Length > 0)
            {
                headers.TryAddWithoutValidation(name, value);
            }
        }

        if (!string.IsNullOrEmpty(options.ApiKey))
        {
            headers.TryAddWithoutValidation(options.ApiKeyHeader, KeyOf(options));
        }
    }

    /// <summary>What is wrong with the additional headers, a sentence for each that cannot be sent.</summary>
    public static IEnumerable<string> ProblemsOf(UpstreamOptions options)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, text) in options.Headers)
        {
            var (name, value) = Read(new(key, text));
            if (ProblemOf(name, value, options) is { } problem)
            {
                yield return $"{Setting}__{key} {problem}";
            }
            else if (!names.Add(name))
            {
                yield return $"{Setting}__{key} names the header {name} a second time.";
            }
        }

        if (!string.IsNullOrEmpty(options.ApiKey) && !CanBeSent(options.ApiKeyHeader))
        {
            yield return $"Batch__Upstream__ApiKeyHeader cannot be {options.ApiKeyHeader}, which is the service's own to set: use Authorization or api-key.";
        }
    }

    private static string? ProblemOf(string name, string value, UpstreamOptions options)
    {
        if (name.Length == 0)
        {
            return "names no header: with a number in the place of a name, its value is 'NAME: VALUE'.";
        }

        if (name.Equals(options.ApiKeyHeader, StringComparison.OrdinalIgnoreCase)
            || name.Equals(UpstreamOptions.AuthorizationHeader, StringComparison.OrdinalIgnoreCase))
        {
            return $"is for no key: set Batch__Upstream__ApiKey, with Batch__Upstream__ApiKeyHeader={name} and Batch__Upstream__ApiKeyScheme.";
        }

        return !CanBeSent(name) ? $"cannot be sent: {name} is no header's name, or the service's own to set."
            : value.Any(c => c is not '\t' and (< ' ' or > '~')) ? "has a value with a line break or a character beyond ASCII."
            : null;
    }

    // The client itself knows which headers are a body's, and what a name may be made of.
    private static bool CanBeSent(string name)
    {
        using var request = new HttpRequestMessage();
        return !Reserved.Contains(name) && request.Headers.TryAddWithoutValidation(name, "x");
    }

    // A number is no header's name, but what settings are told apart by where their names take no hyphens.
    private static (string Name, string Value) Read(KeyValuePair<string, string> setting)
    {
        var value = setting.Value ?? "";
        if (!setting.Key.All(char.IsAsciiDigit))
        {
            return (setting.Key, value.Trim());
        }

        var colon = value.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? ("", value) : (value[..colon].Trim(), value[(colon + 1)..].Trim());
    }

    private static string KeyOf(UpstreamOptions options)
    {
        var isAuthorization = options.ApiKeyHeader.Equals(UpstreamOptions.AuthorizationHeader, StringComparison.OrdinalIgnoreCase);
        var scheme = options.ApiKeyScheme ?? (isAuthorization ? "Bearer" : "");
        return scheme.Length == 0 ? options.ApiKey! : $"{scheme} {options.ApiKey}";
    }
}
