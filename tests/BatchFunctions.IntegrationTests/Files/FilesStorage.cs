using System.Security.Cryptography;

namespace BatchFunctions.IntegrationTests.Files;

internal static class FilesStorage
{
    private static int _next = RandomNumberGenerator.GetInt32(300);

    /// <summary>An account that no other test of this run uses: a test that moves its clock expires what it finds.</summary>
    public static string Next()
    {
        var account = $"t{Interlocked.Increment(ref _next) % 300:D3}";
        var key = Convert.ToBase64String([.. Enumerable.Repeat((byte)'k', 64)]);
        return $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};"
            + $"BlobEndpoint=http://127.0.0.1:21000/{account};QueueEndpoint=http://127.0.0.1:21001/{account};TableEndpoint=http://127.0.0.1:21002/{account};";
    }
}
