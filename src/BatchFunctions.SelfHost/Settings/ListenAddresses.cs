using System.Net;

namespace BatchFunctions.SelfHost.Settings;

/// <summary>The addresses of <c>--urls</c>.</summary>
internal static class ListenAddresses
{
    /// <summary>Checks the addresses, which are separated by semicolons.</summary>
    /// <exception cref="StartupException">
    /// One of them is not an address; Kestrel itself would only say so in a stack trace.
    /// </exception>
    public static void Check(string urls)
    {
        foreach (var url in urls.Split(';'))
        {
            if (!IsAddress(url))
            {
                throw new StartupException(
                    url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)
                        ? $"'{url}' asks for https, which the self-host does not serve: listen on an http address with --urls, behind a proxy with TLS."
                        : $"'{url}' is no address to listen at: give --urls one such as http://127.0.0.1:7071, with a port up to {IPEndPoint.MaxPort}.");
            }
        }
    }

    /// <summary>Checks the address of <c>--metrics</c>.</summary>
    /// <param name="url">The address.</param>
    /// <param name="urls">Those of <c>--urls</c>, which have been checked.</param>
    /// <exception cref="StartupException">It is not one address, or has the port of one of the others: by its port the page is told from the API.</exception>
    public static void CheckMetrics(string url, string urls)
    {
        if (!IsAddress(url))
        {
            throw new StartupException(
                $"'{url}' is no address to listen at: give --metrics one such as http://127.0.0.1:9464, with a port up to {IPEndPoint.MaxPort}.");
        }

        var port = BindingAddress.Parse(url).Port;
        if (port != 0 && urls.Split(';').Any(api => BindingAddress.Parse(api).Port == port))
        {
            throw new StartupException($"'{url}' has the port of an address of --urls: give --metrics a port of its own, such as http://127.0.0.1:9464.");
        }
    }

    /// <summary>
    /// An address to call from the same machine: a wildcard host is replaced by the loopback address.
    /// </summary>
    /// <param name="listening">An address that Kestrel listens on.</param>
    public static string ToCall(string listening)
    {
        var address = BindingAddress.Parse(listening);
        return address.Host is "0.0.0.0" or "[::]" or "+" or "*"
            ? $"{address.Scheme}://127.0.0.1:{address.Port}"
            : listening;
    }

    private static bool IsAddress(string text)
    {
        try
        {
            return BindingAddress.Parse(text) is { Scheme: "http", Port: >= 0 and <= IPEndPoint.MaxPort };
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
