using BatchFunctions.Files;
using BatchFunctions.IntegrationTests.Files;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Uploads;

namespace BatchFunctions.IntegrationTests.Uploads;

/// <summary>An upload's parts are held to what was announced: each to its bytes, and all together to twice as many.</summary>
public sealed class UploadLimitTests : IAsyncLifetime
{
    private readonly FaultyStorage _storage = new();
    private FilesHost _first = null!;
    private FilesHost _host = null!;

    public async Task InitializeAsync()
    {
        _first = await FilesHost.StartAsync();
        _host = await _first.BesideAsync(_storage);
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _first.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_part_larger_than_the_upload_is_refused(bool isStreamed)
    {
        var upload = await UploadAsync(10);

        var answer = (await (isStreamed ? AddStreamedAsync(upload, 11) : AddAsync(upload, 11))).ShouldFail(400, "part_above_upload", "data");

        Assert.Contains("10 bytes", answer.Message, StringComparison.Ordinal);
        Assert.Equal(0, (await RowAsync(upload)).PartBytes);
        Assert.Empty(await _host.StagedAsync());
    }

    [Fact]
    public async Task Each_part_may_be_repeated_once_and_no_more()
    {
        var upload = await UploadAsync(10);
        for (var part = 0; part < 4; part++)
        {
            (await AddAsync(upload, 5)).Should(200);
        }

        var answer = (await AddAsync(upload, 1)).ShouldFail(400, "parts_above_upload", "data");

        Assert.Contains("have 20 bytes, and 1 more would exceed 20, twice the 10 bytes", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_that_come_at_once_do_not_exceed_it_together()
    {
        var upload = await UploadAsync(10);

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => AddAsync(upload, 7)));

        Assert.Equal(2, answers.Count(answer => (int)answer.Status == 200));
        Assert.All(answers.Where(answer => (int)answer.Status != 200), answer => answer.ShouldFail(400, "parts_above_upload", "data"));
        var blocks = await _host.Blobs.BlocksAsync(FileBlobs.LocationOf(_host.Tenant, upload), default);
        Assert.Equal(14, blocks.Values.Sum());
    }

    [Fact]
    public async Task A_part_of_known_length_costs_one_write_of_the_row()
    {
        var upload = await UploadAsync(10);
        _storage.Requests.Clear();

        (await AddAsync(upload, 5)).Should(200);

        Assert.Equal(1, _storage.Requests["PUT uploads"]);
        Assert.Equal(5, (await RowAsync(upload)).PartBytes);
    }

    [Fact]
    public async Task What_a_part_of_unknown_length_did_not_need_is_given_back()
    {
        var upload = await UploadAsync(30);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => (await AddStreamedAsync(upload, 3)).Should(200)));

        Assert.Equal(60, (await RowAsync(upload)).PartBytes);
        (await AddStreamedAsync(upload, 1)).ShouldFail(400, "parts_above_upload", "data");
    }

    [Fact]
    public async Task A_part_of_unknown_length_that_fits_is_taken_to_the_last_byte()
    {
        const int Size = (12 * 1024 * 1024) + 1;
        var upload = await UploadAsync(Size);

        (await AddStreamedAsync(upload, Size)).Should(200);
        (await AddStreamedAsync(upload, Size)).Should(200);

        Assert.Equal(2 * Size, (await RowAsync(upload)).PartBytes);
    }

    [Fact]
    public async Task What_a_refused_part_did_not_stage_is_given_back()
    {
        var upload = await UploadAsync(10);
        // The length of the body says more than the part has, and what was staged of it stays until the upload ends.
        (await _host.SendAsync(
            HttpMethod.Post,
            $"v1/uploads/{upload}/parts",
            Forms.Of(Forms.File("012345678", name: "data"), Forms.Field("more", "x")))).ShouldFail(400, "unknown_parameter", "more");

        Assert.Equal(9, (await RowAsync(upload)).PartBytes);
        (await AddAsync(upload, 0)).ShouldFail(400, "invalid_value", "data");
        Assert.Equal(9, (await RowAsync(upload)).PartBytes);
    }

    [Fact]
    public async Task Parts_that_a_wrong_checksum_removed_do_not_count()
    {
        var upload = await UploadAsync(10);
        var part = (await AddAsync(upload, 10)).Should(200).Text("id");

        (await _host.PostAsync($"v1/uploads/{upload}/complete", new { part_ids = new[] { part }, md5 = new string('0', 32) }))
            .ShouldFail(400, "invalid_value", "md5");

        Assert.Equal(0, (await RowAsync(upload)).PartBytes);
    }

    [Fact]
    public async Task A_part_that_comes_while_the_upload_is_completed_takes_nothing_from_its_completion()
    {
        var slow = new HeldStorage();
        await using var other = await _first.BesideAsync(slow);
        var upload = await UploadAsync(10);
        var part = (await AddAsync(upload, 10)).Should(200).Text("id");
        slow.HoldNext(request => request.Uri.Query.Contains("comp=blocklist", StringComparison.Ordinal) && request.Method == Azure.Core.RequestMethod.Put);
        var completing = other.PostAsync($"v1/uploads/{upload}/complete", new { part_ids = new[] { part } });
        await slow.ReachedAsync();

        (await AddAsync(upload, 5)).Should(200);
        slow.Release();

        (await completing).Should(200);
        Assert.Equal(UploadStatus.Completed, (await RowAsync(upload)).Status);
    }

    private async Task<Upload> RowAsync(string upload) => (await _host.Service<UploadStore>().FindAsync(_host.Tenant, upload, default))!;

    private async Task<string> UploadAsync(long bytes) => (await _host.PostAsync(
        "v1/uploads", new { bytes, filename = "a", mime_type = "text/plain", purpose = "user_data" })).Should(200).Text("id");

    private Task<Answer> AddAsync(string upload, int bytes) => _host.SendAsync(
        HttpMethod.Post, $"v1/uploads/{upload}/parts", Forms.Of(Forms.File(new string('x', bytes), name: "data")));

    private Task<Answer> AddStreamedAsync(string upload, int bytes) =>
        _host.SendAsync(HttpMethod.Post, $"v1/uploads/{upload}/parts", Forms.Streamed(new MadeStream(bytes), "data"));
}
