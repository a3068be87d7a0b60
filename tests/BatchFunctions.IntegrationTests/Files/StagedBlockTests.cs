using System.Net.Sockets;
using System.Text;
using Azure.Core;
using Azure.Storage.Blobs.Specialized;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>
/// What is staged and never committed goes, instead of being billed for a week: storage's own listing of uncommitted
/// blocks is empty afterwards.
/// </summary>
public sealed class StagedBlockTests : IAsyncLifetime
{
    private const int Block = 4 * 1024 * 1024;

    private readonly HeldStorage _storage = new();
    private FilesHost _first = null!;
    private FilesHost _host = null!;
    private FilesHost _slow = null!;

    public async Task InitializeAsync()
    {
        _first = await FilesHost.StartAsync();
        _host = await _first.BesideAsync();
        _slow = await _first.BesideAsync(_storage);
    }

    public async Task DisposeAsync()
    {
        await _slow.DisposeAsync();
        await _host.DisposeAsync();
        await _first.DisposeAsync();
    }

    [Fact]
    public async Task Those_of_a_blob_that_was_never_committed_go()
    {
        var blob = FileBlobs.LocationOf(_host.Tenant, IdKind.File.New(_host.Time.GetUtcNow()));
        await _host.Storage.Blobs.GetBlobContainerClient(blob.Container).GetBlockBlobClient(blob.Name)
            .StageBlockAsync(FileBlobs.BlockId(new string('0', 32), 0), new MemoryStream(new byte[1]));

        await _host.Blobs.TryDeleteAsync(blob, default);
        Assert.Single(await _host.StagedAsync());

        await _host.Blobs.DiscardAsync(blob, default);
        Assert.Empty(await _host.StagedAsync());
        Assert.Empty(await _host.Blobs.BlocksAsync(blob, default));
        Assert.Empty(await _host.StoredAsync());
    }

    [Fact]
    public async Task Those_of_a_cancelled_upload_go()
    {
        var upload = await UploadAsync(3 * Block);
        (await AddAsync(_host, upload, Block + 1)).Should(200);
        Assert.Single(await _host.StagedAsync());

        (await CancelAsync(upload)).Should(200);

        await AssertNothingStaysAsync();
    }

    [Fact]
    public async Task Those_of_an_expired_upload_go()
    {
        var upload = await UploadAsync(3 * Block);
        (await AddAsync(_host, upload, Block + 1)).Should(200);
        _host.Time.Advance(TimeSpan.FromHours(1));

        await _host.Expiry.RunDueAsync(default);

        await AssertNothingStaysAsync();
    }

    [Fact]
    public async Task Those_of_a_part_that_is_being_staged_during_a_cancel_go()
    {
        var upload = await UploadAsync(3 * Block);
        HoldStaging();
        var adding = AddAsync(_slow, upload, Block);
        await _storage.ReachedAsync();

        (await CancelAsync(upload)).Should(200);
        _storage.Release();

        (await adding).ShouldFail(400, "invalid_state", null);
        await AssertNothingStaysAsync();
    }

    [Fact]
    public async Task Those_of_a_part_whose_process_died_during_a_cancel_go_within_the_hour()
    {
        var upload = await UploadAsync(3 * Block);
        (await CancelAsync(upload)).Should(200);
        await _host.Storage.Blobs.GetBlobContainerClient(ContainerNames.Files).GetBlockBlobClient(FileBlobs.LocationOf(_host.Tenant, upload).Name)
            .StageBlockAsync(FileBlobs.BlockId(new string('0', 32), 0), new MemoryStream(new byte[1]));
        _host.Time.Advance(TimeSpan.FromHours(1));

        await _host.Expiry.RunDueAsync(default);

        await AssertNothingStaysAsync();
    }

    [Fact]
    public async Task Those_of_a_refused_part_go_with_its_upload_and_one_that_is_too_large_stages_none()
    {
        var upload = await UploadAsync(2 * Block);
        (await _host.SendAsync(
            HttpMethod.Post, $"v1/uploads/{await UploadAsync(10)}/parts", Forms.Streamed(new MadeStream(300_000), "data")))
            .ShouldFail(400, "part_above_upload", "data");
        Assert.Empty(await _host.StagedAsync());

        (await AddAsync(_host, upload, (2 * Block) + 1)).ShouldFail(400, "part_above_upload", "data");
        (await CancelAsync(upload)).Should(200);

        await AssertNothingStaysAsync();
    }

    [Fact]
    public async Task Those_of_a_refused_file_go()
    {
        // The purpose comes last, and is none.
        var form = new MultipartFormDataContent(Forms.Boundary)
        {
            { new StreamContent(new MadeStream(Block + 1)), "\"file\"", "\"a.jsonl\"" },
            { new StringContent("nonsense"), "\"purpose\"" },
        };

        (await _host.SendAsync(HttpMethod.Post, "v1/files", form)).ShouldFail(400, null, "purpose");

        await AssertNothingStaysAsync();
        Assert.Empty(await _host.StoredAsync());
    }

    [Fact]
    public async Task Those_of_a_file_whose_client_leaves_in_mid_body_go()
    {
        HoldStaging();
        var client = await BeginAsync("/v1/files", Block + 1000);
        await _storage.ReachedAsync();
        client.Dispose();
        _storage.Release();

        await AssertNothingStaysAsync();
    }

    [Fact]
    public async Task Those_of_a_part_whose_client_leaves_in_mid_body_go_with_its_upload()
    {
        var upload = await UploadAsync(3 * Block);
        HoldStaging();
        var client = await BeginAsync($"/v1/uploads/{upload}/parts", Block + 1000);
        await _storage.ReachedAsync();
        (await CancelAsync(upload)).Should(200);
        client.Dispose();
        _storage.Release();

        await AssertNothingStaysAsync();
    }

    private void HoldStaging() => _storage.HoldNext(request =>
        request.Method == RequestMethod.Put && request.Uri.Query.Contains("comp=block&", StringComparison.Ordinal));

    /// <summary>Sends the beginning of a form of which more is announced.</summary>
    private async Task<TcpClient> BeginAsync(string path, int bytes)
    {
        var name = path.Contains("parts", StringComparison.Ordinal) ? "data" : "file";
        var client = new TcpClient("127.0.0.1", _slow.Client.BaseAddress!.Port);
        var stream = client.GetStream();
        var head = $"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {_host.Client.DefaultRequestHeaders.Authorization}\r\nContent-Type: multipart/form-data; boundary={Forms.Boundary}\r\nContent-Length: {bytes * 2}\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head + $"--{Forms.Boundary}\r\n{Forms.File("", name: name)}"));
        await stream.WriteAsync(new byte[bytes]);
        return client;
    }

    private async Task AssertNothingStaysAsync()
    {
        await Eventually.UntilAsync(
            async () => (await _host.StagedAsync()).Count == 0 && !(await _host.StoredAsync()).Contains("blob"),
            TimeSpan.FromSeconds(30),
            "neither an uncommitted block nor a blob is left");
    }

    private async Task<string> UploadAsync(long bytes) => (await _host.PostAsync(
        "v1/uploads", new { bytes, filename = "a", mime_type = "text/plain", purpose = "user_data" })).Should(200).Text("id");

    private static Task<Answer> AddAsync(FilesHost host, string upload, long bytes) =>
        host.SendAsync(HttpMethod.Post, $"v1/uploads/{upload}/parts", Forms.Streamed(new MadeStream(bytes), "data"));

    private Task<Answer> CancelAsync(string upload) => _host.SendAsync(HttpMethod.Post, $"v1/uploads/{upload}/cancel");
}
