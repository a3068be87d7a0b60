using Azure;
using Azure.Core;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Storage;

namespace BatchFunctions.IntegrationTests.Files;

public sealed class FileExpiryTests : IAsyncLifetime
{
    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task An_expired_file_goes_row_and_blob()
    {
        var id = await _host.UploadedAsync();
        _host.Time.Advance(TimeSpan.FromDays(30));

        (await _host.GetAsync($"v1/files/{id}")).ShouldFail(404, null, "id");
        Assert.Equal(["files row", "blob", "File entry"], await _host.StoredAsync());

        await _host.Expiry.RunDueAsync(default);
        Assert.Empty(await _host.StoredAsync());
    }

    [Fact]
    public async Task A_file_that_has_not_expired_stays()
    {
        var id = await _host.UploadedAsync();
        _host.Time.Advance(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));

        await _host.Expiry.RunDueAsync(default);

        (await _host.GetAsync($"v1/files/{id}/content")).Should(200);
    }

    [Fact]
    public async Task A_file_without_an_end_stays_and_is_looked_at_once()
    {
        var id = await _host.UploadedAsync("x", "user_data");
        _host.Time.Advance(TimeSpan.FromDays(1));

        await _host.Expiry.RunDueAsync(default);

        Assert.Equal(["files row", "blob"], await _host.StoredAsync());
        (await _host.GetAsync($"v1/files/{id}")).Should(200);
    }

    [Fact]
    public async Task An_expired_file_that_a_batch_reads_is_put_off_by_an_hour()
    {
        var id = await _host.UploadedAsync();
        var batch = await _host.BatchReadingAsync(id);
        _host.Time.Advance(TimeSpan.FromDays(30));

        await _host.Expiry.RunDueAsync(default);
        Assert.Equal(["files row", "blob", "File entry"], await _host.StoredAsync());

        await _host.Service<ActiveBatches.ActiveBatchStore>().DeleteAsync(new Ids.BatchKey(_host.Tenant, batch), default);
        await _host.Expiry.RunDueAsync(default);
        Assert.Contains("blob", await _host.StoredAsync());

        _host.Time.Advance(TimeSpan.FromHours(1));
        await _host.Expiry.RunDueAsync(default);
        Assert.Empty(await _host.StoredAsync());
    }

    [Fact]
    public async Task A_blob_that_a_crash_left_without_a_row_goes_when_it_is_due()
    {
        var id = IdKind.File.New(_host.Time.GetUtcNow());
        await EnterAsync(ExpiringKind.File, id, FileBlobs.LocationOf(_host.Tenant, id));
        _host.Time.Advance(TimeSpan.FromDays(1));

        await _host.Expiry.RunDueAsync(default);

        Assert.Empty(await _host.StoredAsync());
    }

    [Fact]
    public async Task The_output_of_a_batch_that_has_yet_to_write_its_row_is_put_off()
    {
        var batch = await _host.BatchReadingAsync(await _host.UploadedAsync());
        var output = new BlobLocation(ContainerNames.Batches, $"{batch}/output");
        await EnterAsync(ExpiringKind.File, IdKind.File.New(_host.Time.GetUtcNow()), output);
        _host.Time.Advance(TimeSpan.FromDays(1));

        await _host.Expiry.RunDueAsync(default);

        await using var content = await _host.Blobs.OpenAsync(output, 0, 1, default);
        Assert.NotNull(content);
    }

    [Fact]
    public async Task A_manifest_goes_when_it_is_due()
    {
        var manifest = new BlobLocation(ContainerNames.Batches, $"{IdKind.Batch.New(_host.Time.GetUtcNow())}/manifest");
        await EnterAsync(ExpiringKind.Manifest, "batch", manifest);
        _host.Time.Advance(TimeSpan.FromDays(1));

        await _host.Expiry.RunDueAsync(default);

        Assert.Null(await _host.Blobs.OpenAsync(manifest, 0, 1, default));
        Assert.Empty(await _host.StoredAsync());
    }

    [Fact]
    public async Task One_entry_that_cannot_be_settled_keeps_no_other_from_it()
    {
        // A blob whose name storage refuses.
        var bad = IdKind.File.New(_host.Time.GetUtcNow());
        await _host.Expiring.AddAsync(
            new ExpiringEntry(ExpiringKind.File, _host.Tenant, bad, new BlobLocation("No_Container", "x"), _host.Time.GetUtcNow()),
            default);
        await _host.UploadedAsync();
        _host.Time.Advance(TimeSpan.FromDays(30));

        await _host.Expiry.RunDueAsync(default);

        Assert.Equal(["File entry"], await _host.StoredAsync());
    }

    [Fact]
    public async Task What_there_is_no_time_for_is_due_still_and_what_storage_fails_over_comes_behind_it()
    {
        var forestalled = new Forestalled();
        await using var host = await FilesHost.StartWithAsync([forestalled]);
        string[] ids = [await host.UploadedAsync(), await host.UploadedAsync(), await host.UploadedAsync()];
        host.Time.Advance(TimeSpan.FromDays(30) + TimeSpan.FromSeconds(1));
        forestalled.Before(request => request.Method == RequestMethod.Delete, () => throw new RequestFailedException(503, "Busy."));

        var left = new List<string>();
        for (var pass = 0; pass < 4; pass++)
        {
            Assert.True(await host.Expiry.RunDueAsync(static () => false, default));
            var entries = await host.Expiring.ListDueAsync(host.Time.GetUtcNow(), static (_, _) => { }, default).Select(entry => entry.Id).ToListAsync();
            left.Add(string.Join(' ', entries));
        }

        var (first, second, third) = ids.Order(StringComparer.Ordinal).ToList() is [var one, var two, var three] ? (one, two, three) : default;
        Assert.Equal([$"{second} {third} {first}", $"{third} {first}", first, ""], left);
        Assert.Empty(await host.StoredAsync());
        Assert.False(await host.Expiry.RunDueAsync(default));
    }

    private async Task EnterAsync(ExpiringKind kind, string id, BlobLocation blob)
    {
        await _host.Expiring.AddAsync(new ExpiringEntry(kind, _host.Tenant, id, blob, _host.Time.GetUtcNow()), default);
        await _host.Storage.Blobs.GetBlobContainerClient(blob.Container).GetBlobClient(blob.Name)
            .UploadAsync(BinaryData.FromString("left"));
    }
}
