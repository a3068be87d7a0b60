using BatchFunctions.ActiveBatches;
using BatchFunctions.Ids;

namespace BatchFunctions.IntegrationTests.Files;

public sealed class FileDeletionTests : IAsyncLifetime
{
    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_deleted_file_is_gone_in_every_way()
    {
        var id = await _host.UploadedAsync();

        var answer = (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{id}")).Should(200);

        Assert.Equal($$"""{"id":"{{id}}","object":"file","deleted":true}""", answer.Body);
        (await _host.GetAsync($"v1/files/{id}")).ShouldFail(404, null, "id");
        (await _host.GetAsync($"v1/files/{id}/content")).ShouldFail(404, null, "id");
        (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{id}")).ShouldFail(404, null, "id");
        Assert.DoesNotContain("blob", await _host.StoredAsync());
    }

    [Fact]
    public async Task A_file_that_a_batch_reads_is_kept()
    {
        var id = await _host.UploadedAsync();
        var batch = await _host.BatchReadingAsync(id);

        var answer = (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{id}")).ShouldFail(409, "invalid_state", null);

        Assert.Equal("false", answer.Headers["x-should-retry"]);
        Assert.Equal(Forms.Line, (await _host.GetAsync($"v1/files/{id}/content")).Should(200).Body);

        await _host.Service<ActiveBatchStore>().DeleteAsync(new BatchKey(_host.Tenant, batch), default);
        (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{id}")).Should(200);
    }

    [Fact]
    public async Task The_tombstone_of_a_deleted_file_goes_after_a_day()
    {
        var id = await _host.UploadedAsync("x", "user_data");
        (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{id}")).Should(200);

        _host.Time.Advance(TimeSpan.FromHours(23));
        await _host.Expiry.RunDueAsync(default);
        Assert.Contains("files row", await _host.StoredAsync());

        _host.Time.Advance(TimeSpan.FromHours(1));
        await _host.Expiry.RunDueAsync(default);
        Assert.Empty(await _host.StoredAsync());
    }
}
