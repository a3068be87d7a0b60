using System.Security.Cryptography;

namespace BatchFunctions.IntegrationTests.Files;

internal static class FilesStorage
{
    public static string ConnectionString { get; } = Make();

    private static string Make()
    {
        var account = $"t{RandomNumberGenerator.GetInt32(300):D3}";
        var key = Convert.ToBase64String([.. Enumerable.Repeat((byte)'k', 64)]);
        return $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};"
            + $"BlobEndpoint=http://127.0.0.1:21000/{account};QueueEndpoint=http://127.0.0.1:21001/{account};TableEndpoint=http://127.0.0.1:21002/{account};";
    }
}
