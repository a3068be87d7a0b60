using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace BatchFunctions.Bench.Sides;

/// <summary>Addresses of this machine that nobody listens at, for who has to be told one before anybody does.</summary>
internal static class FreeAddress
{
    /// <summary>One that was free a moment ago.</summary>
    public static Uri New()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
    }
}
