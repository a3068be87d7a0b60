using Microsoft.IdentityModel.Protocols;

namespace BatchFunctions.SignIn;

/// <summary>
/// Fetches the issuer's metadata and keys. The package's own retriever does not hand the cancellation on to the request, and
/// repeats requests by itself.
/// </summary>
/// <param name="client">Sends the requests.</param>
/// <param name="requiresHttps">Whether metadata that leads to keys over http is refused.</param>
internal sealed class IssuerDocuments(HttpClient client, bool requiresHttps) : IDocumentRetriever
{
    public Task<string> GetDocumentAsync(string address, CancellationToken cancel)
    {
        var uri = new Uri(address);
        return requiresHttps && uri.Scheme != Uri.UriSchemeHttps
            ? throw new InvalidOperationException("its metadata leads to keys that are not served over https")
            : client.GetStringAsync(uri, cancel);
    }
}
