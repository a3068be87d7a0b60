using System.Security.Cryptography;
using System.Text;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>The loopback ports that an Azurite listens on.</summary>
internal sealed record AzuriteEndpoints(int BlobPort, int QueuePort, int TablePort)
{
    /// <summary>The connection string of one of the accounts that Azurite was started with.</summary>
    public string ConnectionString(string account) =>
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={KeyOf(account)};"
        + $"BlobEndpoint=http://127.0.0.1:{BlobPort}/{account};"
        + $"QueueEndpoint=http://127.0.0.1:{QueuePort}/{account};"
        + $"TableEndpoint=http://127.0.0.1:{TablePort}/{account};";

    /// <summary>
    /// An account's key. It is not a secret, since the emulator listens only on the loopback address.
    /// </summary>
    public static string KeyOf(string account) =>
        Convert.ToBase64String(SHA512.HashData(Encoding.UTF8.GetBytes($"azurite/{account}")));
}
