using System.Globalization;
using System.Net;
using BatchFunctions.Configuration;

namespace BatchFunctions.Receivers;

/// <summary>What a URL must be that events are sent to. What its host's name leads to is judged when it is connected to.</summary>
internal static class ReceiverUrl
{
    /// <summary>The most characters of a URL.</summary>
    public const int MaxLength = 2048;

    private const string Local = "localhost";

    /// <summary>What is wrong with a URL, as the end of a sentence; null if nothing is.</summary>
    public static string? ProblemOf(string url, WebhookOptions options)
    {
        if (url.Length > MaxLength)
        {
            return string.Create(CultureInfo.InvariantCulture, $"expected a URL of at most {MaxLength} characters");
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || (uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeHttp))
        {
            return "expected an absolute URL, such as 'https://example.com/webhooks'";
        }

        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            return "expected a URL without user name, password and fragment";
        }

        var isTrusted = options.IsTrusted(uri.IdnHost);
        if (uri.Scheme != Uri.UriSchemeHttps && !isTrusted)
        {
            return "expected a URL that begins with 'https://'";
        }

        if (HostForm.EndsInNumber(uri.IdnHost) && !IPAddress.TryParse(uri.IdnHost.Trim('[', ']'), out _))
        {
            return "expected a host that is a name or an address: one that ends in a number is neither";
        }

        return ClassOf(uri.IdnHost) switch
        {
            AddressClass.Public => null,
            AddressClass.Private when isTrusted => null,
            _ => "expected a host with a public address",
        };
    }

    /// <summary>The class of a host as far as its name tells.</summary>
    private static AddressClass ClassOf(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? AddressClasses.Of(literal)
        : host.TrimEnd('.').Equals(Local, StringComparison.OrdinalIgnoreCase) || host.TrimEnd('.').EndsWith("." + Local, StringComparison.OrdinalIgnoreCase) ? AddressClass.Private
        : AddressClass.Public;
}
