using System.Net;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Processing;

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

    /// <summary>A client that was told to ask again would be told that there is no such file.</summary>
    [Fact]
    public async Task A_file_whose_content_cannot_be_removed_at_once_is_deleted_all_the_same()
    {
        var id = await _host.UploadedAsync();
        await using var other = await _host.BesideAsync(new StorageWithoutDeletions());

        (await other.SendAsync(HttpMethod.Delete, $"v1/files/{id}")).Should(200);

        (await _host.GetAsync($"v1/files/{id}")).ShouldFail(404, null, "id");
        Assert.Contains("blob", await _host.StoredAsync());
        _host.Time.Advance(TimeSpan.FromDays(1));
        await _host.Expiry.RunDueAsync(default);
        Assert.DoesNotContain("blob", await _host.StoredAsync());
    }

    [Fact]
    public async Task A_file_that_a_batch_reads_is_gone_for_everybody_else_and_its_content_stays_until_the_last_reader_has_ended()
    {
        var id = await _host.UploadedAsync();
        string[] readers = [await _host.BatchReadingAsync(id), await _host.BatchReadingAsync(id)];

        (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{id}")).Should(200);

        (await _host.GetAsync($"v1/files/{id}")).ShouldFail(404, null, "id");
        (await _host.GetAsync($"v1/files/{id}/content")).ShouldFail(404, null, "id");
        (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{id}")).ShouldFail(404, null, "id");
        Assert.DoesNotContain(id, (await _host.GetAsync("v1/files")).Should(200).Ids);
        (await CreateAsync(id)).ShouldFail(400, "invalid_request", "input_file_id");

        // Not even its tombstone's entry takes it from them.
        _host.Time.Advance(TimeSpan.FromDays(1));
        await _host.Expiry.RunDueAsync(default);
        Assert.Contains("blob", await _host.StoredAsync());

        foreach (var reader in readers)
        {
            Assert.Contains("blob", await _host.StoredAsync());
            await EndAsync(reader);
        }

        Assert.DoesNotContain("blob", await _host.StoredAsync());
        _host.Time.Advance(TimeSpan.FromHours(1));
        await _host.Expiry.RunDueAsync(default);
        Assert.DoesNotContain("files row", await _host.StoredAsync());
    }

    [Fact]
    public async Task Of_deletions_and_creations_at_once_every_batch_that_is_made_can_read_its_input()
    {
        await using var other = await _host.BesideAsync();
        for (var round = 0; round < 12; round++)
        {
            var file = await _host.UploadedAsync();
            var hosts = new[] { _host, other };
            var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => (i % 3) switch
            {
                0 => hosts[i % 2].SendAsync(HttpMethod.Delete, $"v1/files/{file}"),
                1 => CreateAsync(hosts[i % 2], file),
                _ => hosts[i % 2].GetAsync($"v1/files/{file}"),
            }));

            var made = answers.Where((answer, i) => i % 3 == 1 && answer.Status == HttpStatusCode.OK).Select(answer => answer.Text("id")).ToList();
            Assert.Single(answers.Where((answer, i) => i % 3 == 0 && answer.Status == HttpStatusCode.OK));
            Assert.All(answers, answer => Assert.True(
                answer.Status is HttpStatusCode.OK or HttpStatusCode.NotFound or HttpStatusCode.BadRequest, answer.Body));
            var blob = FileBlobs.LocationOf(_host.Tenant, file);
            Assert.True(made.Count == 0 || await _host.Blobs.OpenAsync(blob, 0, 1, default) is not null);
            foreach (var batch in made)
            {
                await EndAsync(batch);
            }

            Assert.True(made.Count == 0 || await _host.Blobs.OpenAsync(blob, 0, 1, default) is null);
        }
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

    private Task<Answer> CreateAsync(string file) => CreateAsync(_host, file);

    private static Task<Answer> CreateAsync(FilesHost host, string file) => host.PostAsync(
        "v1/batches", new { input_file_id = file, endpoint = "/v1/chat/completions", completion_window = "24h" });

    /// <summary>Ends a batch before any of its lines is known, and clears it away.</summary>
    private async Task EndAsync(string batch)
    {
        var key = new BatchKey(_host.Tenant, batch);
        var cancelled = await _host.Service<BatchStore>().MutateAsync(key, current => current.Cancel(_host.Time.GetUtcNow()), default);
        var finalizing = await _host.Service<BatchStore>().MutateAsync(
            key, current => current.Finalize(BatchStatus.Cancelled, _host.Time.GetUtcNow()), default);
        Assert.Equal(BatchStatus.Cancelling, cancelled!.Status);
        await _host.Service<BatchFinish>().FinishAsync(finalizing!, default);
    }

    /// <summary>Blobs that cannot be deleted.</summary>
    private sealed class StorageWithoutDeletions : HttpPipelineSynchronousPolicy
    {
        public override void OnSendingRequest(HttpMessage message)
        {
            if (message.Request.Method == RequestMethod.Delete && message.Request.Uri.Path.Contains("files/", StringComparison.Ordinal))
            {
                throw new RequestFailedException(503, "The server is busy.");
            }
        }
    }
}
