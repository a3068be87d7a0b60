using BatchFunctions.Ids;

namespace BatchFunctions.IntegrationTests.Files;

public sealed class FileIsolationTests : IAsyncLifetime
{
    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("GET", "v1/files/{0}")]
    [InlineData("DELETE", "v1/files/{0}")]
    [InlineData("GET", "v1/files/{0}/content")]
    public async Task Another_tenants_file_is_answered_as_one_that_never_was(string method, string path)
    {
        var id = await _host.UploadedAsync();
        var never = IdKind.File.New(_host.Time.GetUtcNow());
        var stranger = await _host.KeyOfAsync($"p-{Guid.NewGuid():N}");

        var foreign = await SendAsync(method, path, id, stranger);
        var unknown = await SendAsync(method, path, never, stranger);

        foreign.ShouldFail(404, null, "id");
        Assert.Equal($"No such File object: {id}", foreign.Message);
        Assert.Equal(unknown.Body, foreign.Body.Replace(id, never, StringComparison.Ordinal));
        (await _host.GetAsync($"v1/files/{id}/content")).Should(200);
    }

    [Fact]
    public async Task Another_tenants_cursor_reveals_nothing()
    {
        var id = await _host.UploadedAsync();
        var stranger = await _host.KeyOfAsync($"p-{Guid.NewGuid():N}");

        var page = await _host.SendAsync(HttpMethod.Get, $"v1/files?after={id}&order=asc", key: stranger);

        Assert.Empty(page.Should(200).Ids);
    }

    [Theory]
    [InlineData("file-1")]
    [InlineData("batch_00000000000000000000000000000000")]
    [InlineData("file-0000000000000000000000000000000G")]
    [InlineData("file-%2e%2e%2f0000000000000000000000000")]
    [InlineData("file-0000000000000000000000000000000%27")]
    [InlineData("%0d%0a")]
    public async Task What_is_no_files_id_is_answered_as_an_unknown_one(string id)
    {
        (await _host.GetAsync($"v1/files/{id}")).ShouldFail(404, null, "id");
        (await _host.GetAsync($"v1/files/{id}/content")).ShouldFail(404, null, "id");
        (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{id}")).ShouldFail(404, null, "id");
    }

    private Task<Answer> SendAsync(
        string method, string path, string id, System.Net.Http.Headers.AuthenticationHeaderValue key) =>
        _host.SendAsync(new HttpMethod(method), path.Replace("{0}", id, StringComparison.Ordinal), key: key);
}
