namespace BatchFunctions.Upstream;

/// <summary>Signs each request to the upstream in with the service's token.</summary>
internal sealed class UpstreamSignIn(UpstreamTokens tokens) : DelegatingHandler
{
    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = await tokens.GetAsync(cancellationToken);
        return await base.SendAsync(request, cancellationToken);
    }
}
