using System.Net;

namespace BatchFunctions.Configuration;

/// <summary>The form in which hosts are compared, those of settings and those of URLs.</summary>
internal static class HostForm
{
    /// <summary>
    /// A host in lower case, with Unicode in Punycode (IDNA), without brackets and a dot at its end, an address as it is usually written; null if the
    /// text is no host alone, as one with a port, a scheme or an asterisk.
    /// </summary>
    public static string? Of(string text)
    {
        var isBracketed = text.StartsWith('[') && text.EndsWith(']');
        var host = isBracketed ? text[1..^1] : text;
        if (isBracketed || host.Contains(':', StringComparison.Ordinal))
        {
            return Uri.CheckHostName(host) == UriHostNameType.IPv6 && IPAddress.TryParse(host, out var address) ? address.ToString() : null;
        }

        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4
            && Uri.TryCreate(Uri.UriSchemeHttps + Uri.SchemeDelimiter + host, UriKind.Absolute, out var url)
            && WithoutDot(url.IdnHost) is var name
            && (IPAddress.TryParse(name, out _) || !EndsInNumber(name))
                ? name.ToLowerInvariant()
                : null;
    }

    /// <summary>
    /// Whether a host's last part is a number, so that it is an IPv4 address or nothing: no name ends so
    /// (<see href="https://url.spec.whatwg.org/#ends-in-a-number-checker">WHATWG URL</see>).
    /// </summary>
    public static bool EndsInNumber(string host)
    {
        var name = WithoutDot(host);
        var last = name[(name.LastIndexOf('.') + 1)..];
        return last.Length > 0
            && (last.All(char.IsAsciiDigit) || (last.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && last[2..].All(char.IsAsciiHexDigit)));
    }

    private static string WithoutDot(string host) => host.EndsWith('.') ? host[..^1] : host;
}
