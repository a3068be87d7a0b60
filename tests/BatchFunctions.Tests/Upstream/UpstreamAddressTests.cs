using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Upstream;

public sealed class UpstreamAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/embeddings")]
    [InlineData("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1/embeddings")]
    [InlineData("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/embeddings")]
    [InlineData(" http://127.0.0.1:8000/v1/ ", "http://127.0.0.1:8000/v1/embeddings")]
    [InlineData("https://api.example.com?key=a%20b", "https://api.example.com/v1/embeddings?key=a%20b")]
    [InlineData("https://api.example.com/gateway/V1", "https://api.example.com/gateway/V1/embeddings")]
    [InlineData("https://api.example.com/proxy", "https://api.example.com/proxy/embeddings")]
    [InlineData("https://generativelanguage.googleapis.com/v1beta/openai/", "https://generativelanguage.googleapis.com/v1beta/openai/embeddings")]
    [InlineData("https://open.bigmodel.cn/api/paas/v4", "https://open.bigmodel.cn/api/paas/v4/embeddings")]
    [InlineData("https://ark.cn-beijing.volces.com/api/v3", "https://ark.cn-beijing.volces.com/api/v3/embeddings")]
    [InlineData("https://x.openai.azure.com/openai/deployments/a%2Fb?api-version=2024-10-21", "https://x.openai.azure.com/openai/deployments/a%2Fb/embeddings?api-version=2024-10-21")]
    [InlineData("https://x.openai.azure.com/openai/v1?api-version=preview", "https://x.openai.azure.com/openai/v1/embeddings?api-version=preview")]
    [InlineData("https://x.openai.azure.com/openai/v1/?api-version=preview", "https://x.openai.azure.com/openai/v1/embeddings?api-version=preview")]
    [InlineData("http://[::1]:11434/v1", "http://[::1]:11434/v1/embeddings")]
    public void An_endpoint_is_reached_below_the_root(string baseUrl, string expected)
    {
        Assert.True(UpstreamAddress.TryParse(baseUrl, out var root));

        Assert.Equal(expected, UpstreamAddress.For(root, "/v1/embeddings").AbsoluteUri);
    }

    [Theory]
    [InlineData("https://u.example/v1", "https://u.example/v1")]
    [InlineData("https://u.example/v1?key=a?b", "https://u.example/v1?…")]
    [InlineData("/v1?key=a", "/v1?…")]
    [InlineData("", "")]
    public void A_query_is_not_shown(string address, string shown) => Assert.Equal(shown, UpstreamAddress.Shown(address));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/v1")]
    [InlineData("127.0.0.1:8000")]
    [InlineData("localhost:8000/v1")]
    [InlineData("ftp://127.0.0.1/v1")]
    [InlineData("http://user:word@127.0.0.1/v1")]
    [InlineData("http://127.0.0.1/v1#part")]
    public void What_is_no_address_of_an_upstream_is_refused(string? baseUrl) =>
        Assert.False(UpstreamAddress.TryParse(baseUrl, out _));
}
