using System.Net;
using System.Net.Sockets;
using System.Text;
using BatchFunctions.Http;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>A body that stalls is cut, in the envelope, and leaves nothing.</summary>
public sealed class SlowBodyTests : IAsyncLifetime
{
    private const int Block = 4 * 1024 * 1024;

    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("files", "file", Block + 1000)]
    [InlineData("uploads", "data", 1000)]
    public async Task An_upload_that_stalls_is_told_so_and_leaves_nothing(string path, string field, int sent)
    {
        var upload = (await _host.PostAsync(
            "v1/uploads", new { bytes = Block, filename = "a", mime_type = "text/plain", purpose = "user_data" })).Should(200).Text("id");
        using var client = new TcpClient("127.0.0.1", _host.Client.BaseAddress!.Port);
        var stream = client.GetStream();
        var target = path == "files" ? "/v1/files" : $"/v1/uploads/{upload}/parts";
        var head = $"POST {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {_host.Client.DefaultRequestHeaders.Authorization}\r\nContent-Type: multipart/form-data; boundary={Forms.Boundary}\r\nContent-Length: {Block - 1000 + sent}\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head + $"--{Forms.Boundary}\r\n{Forms.File("", name: field)}"));
        await stream.WriteAsync(new byte[sent]);

        var answer = new StreamReader(stream).ReadToEndAsync();
        await Eventually.UntilAsync(
            () =>
            {
                _host.Time.Advance(PacedBody.Allowance / 4);
                return Task.FromResult(answer.IsCompleted);
            },
            TimeSpan.FromSeconds(60),
            "the connection is closed");

        var text = await answer;
        Assert.StartsWith($"HTTP/1.1 {(int)HttpStatusCode.RequestTimeout} ", text, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"request_timeout\"", text, StringComparison.Ordinal);
        Assert.Empty(await _host.StagedAsync());
        Assert.DoesNotContain("blob", await _host.StoredAsync());
        Assert.DoesNotContain("files row", await _host.StoredAsync());
    }
}
