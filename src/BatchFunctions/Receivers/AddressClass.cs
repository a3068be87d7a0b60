using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace BatchFunctions.Receivers;

/// <summary>What an address is to a service that sends where its callers say.</summary>
internal enum AddressClass
{
    /// <summary>Anybody's.</summary>
    Public,

    /// <summary>A network's own: an operator may allow it.</summary>
    Private,

    /// <summary>Never a receiver's: link-local, a cloud's metadata service wherever it is, multicast, unspecified, reserved.</summary>
    Forbidden,
}

/// <summary>
/// Classes of addresses, after IANA's registries of special-purpose addresses (RFC 6890). IPv6 addresses that carry an IPv4
/// one count as that one, since a translator may lead there.
/// </summary>
internal static class AddressClasses
{
    private static readonly (IPNetwork Network, AddressClass Class)[] Special =
    [
        // Metadata services that stand in private ranges, so before those: Alibaba's, Amazon's with what else it has there, Google's, Scaleway's.
        .. Of(AddressClass.Forbidden, "100.100.100.200/32", "fd00:ec2::/32", "fd20:ce::254/128", "fd00:42::42/128"),
        .. Of(AddressClass.Private, "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
        .. Of(
            AddressClass.Forbidden,
            "0.0.0.0/8",
            "169.254.0.0/16",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",

            // Azure's own address for DNS, DHCP and the health of machines: a public one that leads inside.
            "168.63.129.16/32",

            // Teredo and others of the IETF's, and documentation.
            "2001::/23",
            "2001:db8::/32",
            "3fff::/20"),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>The class of an address.</summary>
    public static AddressClass Of(IPAddress address)
    {
        var plain = Carried(address) ?? address;
        foreach (var (network, kind) in Special)
        {
            if (network.BaseAddress.AddressFamily == plain.AddressFamily && network.Contains(plain))
            {
                return kind;
            }
        }

        // Of IPv6 only what is given out to the public is anybody's.
        return plain.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(plain) ? AddressClass.Public : AddressClass.Forbidden;
    }

    /// <summary>The IPv4 address that an IPv6 one carries; null if it carries none.</summary>
    private static IPAddress? Carried(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return null;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        Span<byte> bytes = stackalloc byte[16];
        _ = address.TryWriteBytes(bytes, out _);

        // ISATAP's interface identifiers (RFC 5214) stand behind any prefix.
        return Nat64.Contains(address) || BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) is 0x00005EFE or 0x02005EFE ? new IPAddress(bytes[12..])
            : SixToFour.Contains(address) ? new IPAddress(bytes[2..6])
            : null;
    }

    private static IEnumerable<(IPNetwork Network, AddressClass Class)> Of(AddressClass kind, params string[] networks) =>
        networks.Select(network => (IPNetwork.Parse(network), kind));
}
