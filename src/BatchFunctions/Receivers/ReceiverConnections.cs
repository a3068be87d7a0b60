using System.Net;
using System.Net.Sockets;
using BatchFunctions.Configuration;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Receivers;

/// <summary>
/// Opens the connections that events are sent on. An address is judged when it is connected to, and the connection goes to that very
/// address: a name that resolves to another at the next look gains nothing by it.
/// </summary>
internal class ReceiverConnections(IOptions<BatchOptions> options)
{
    /// <summary>Connects to the first of a host's addresses that may be connected to and answers.</summary>
    /// <exception cref="AddressRefusedException">None may be connected to.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint to, CancellationToken ct)
    {
        Exception? failure = null;
        foreach (var address in await AddressesOfAsync(to.Host, ct))
        {
            if (IsAllowed(to.Host, address))
            {
                try
                {
                    return await OpenAsync(new IPEndPoint(address, to.Port), ct);
                }
                catch (SocketException e)
                {
                    failure = e;
                }
            }
        }

        throw failure ?? new AddressRefusedException(to.Host);
    }

    /// <summary>Whether events may be sent to a host at an address.</summary>
    public bool IsAllowed(string host, IPAddress address) => AddressClasses.Of(address) switch
    {
        AddressClass.Public => true,
        AddressClass.Private => options.Value.Webhooks.IsTrusted(host),
        _ => false,
    };

    /// <summary>Resolves a name.</summary>
    protected virtual Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct) => Dns.GetHostAddressesAsync(host, ct);

    /// <summary>Connects to an address that has been judged.</summary>
    protected virtual async Task<Stream> OpenAsync(IPEndPoint to, CancellationToken ct)
    {
#pragma warning disable CA2000 // The stream owns it.
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
#pragma warning restore CA2000
        try
        {
            await socket.ConnectAsync(to, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<IPAddress[]> AddressesOfAsync(string host, CancellationToken ct) =>
        IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await ResolveAsync(host, ct);
}
