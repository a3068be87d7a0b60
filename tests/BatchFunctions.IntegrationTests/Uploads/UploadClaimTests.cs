using BatchFunctions.IntegrationTests.Files;
using BatchFunctions.Testing;
using BatchFunctions.Uploads;

namespace BatchFunctions.IntegrationTests.Uploads;

/// <summary>Two processes and one upload: how long the one that completes it has it for itself.</summary>
public sealed class UploadClaimTests : IAsyncLifetime
{
    private const string RightMd5 = "4100c4d44da9177247e44a5fc1546778";
    private const string WrongMd5 = "00000000000000000000000000000000";

    /// <summary>Less than the holder may spend without a renewal, and so much that it renews.</summary>
    private static readonly TimeSpan Step = UploadClaim.Length / 3;

    private readonly SlowStorage _storage = new();
    private FilesHost _other = null!;
    private FilesHost _host = null!;
    private string _upload = null!;
    private string _part = null!;

    public async Task InitializeAsync()
    {
        _other = await FilesHost.StartAsync();
        _host = await _other.BesideAsync(_storage);
        _upload = (await _other.PostAsync(
            "v1/uploads", new { bytes = 5, filename = "a", mime_type = "text/plain", purpose = "user_data" })).Should(200).Text("id");
        _part = (await _other.SendAsync(
            HttpMethod.Post, $"v1/uploads/{_upload}/parts", Forms.Of(Forms.File("01234", name: "data")))).Should(200).Text("id");
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _other.DisposeAsync();
        _storage.Dispose();
    }

    [Fact]
    public async Task A_release_that_fails_hides_no_error_and_the_same_process_takes_the_claim_over()
    {
        _storage.RefuseReleases();

        (await CompleteAsync(_host, WrongMd5)).ShouldFail(400, "invalid_value", "md5");

        Assert.Equal(1, _storage.Refused);
        await AddPartAgainAsync();
        (await CompleteAsync(_other, RightMd5)).ShouldFail(409, "conflict", null);
        (await CompleteAsync(_host, RightMd5)).Should(200);
    }

    [Fact]
    public async Task A_claim_that_was_not_released_is_taken_over_by_another_process_once_it_has_lapsed()
    {
        _storage.RefuseReleases();
        (await CompleteAsync(_host, WrongMd5)).ShouldFail(400, "invalid_value", "md5");
        await AddPartAgainAsync();

        _other.Time.Advance(UploadClaim.Length - TimeSpan.FromSeconds(1));
        (await CompleteAsync(_other, RightMd5)).ShouldFail(409, "conflict", null);
        _other.Time.Advance(TimeSpan.FromSeconds(1));

        (await CompleteAsync(_other, RightMd5)).Should(200);
    }

    [Fact]
    public async Task A_claim_is_renewed_while_the_check_reads_and_nobody_takes_it_over()
    {
        _storage.HoldReads();
        var completing = CompleteAsync(_host, RightMd5);

        // A byte at a time: more than one and a half times what an unrenewed claim would last.
        for (var read = 0; read < 5; read++)
        {
            await _storage.ReadWaitsAsync();
            var before = await ClaimedUntilAsync();
            _other.Time.Advance(Step);
            _storage.LetOneRead();
            await Eventually.UntilAsync(
                async () => await ClaimedUntilAsync() > before, TimeSpan.FromSeconds(30), "the claim is renewed");
            Assert.Equal(UploadClaim.From(_other.Time.GetUtcNow()), await ClaimedUntilAsync());
            (await CompleteAsync(_other, RightMd5)).ShouldFail(409, "conflict", null);
        }

        (await CancelAsync(_other)).ShouldFail(409, "conflict", null);
        _storage.LetAllRead();

        (await completing).Should(200);
    }

    [Fact]
    public async Task A_process_whose_check_stands_still_stops_before_another_takes_its_claim_over()
    {
        _storage.HoldReads();
        var completing = CompleteAsync(_host, WrongMd5);
        await _storage.ReadWaitsAsync();

        _other.Time.Advance(UploadClaim.Length / 2);
        (await completing).ShouldFail(503, "storage_unavailable", null);
        (await CompleteAsync(_other, RightMd5)).ShouldFail(409, "conflict", null);
        _other.Time.Advance(UploadClaim.Length / 2);

        var file = (await CompleteAsync(_other, RightMd5)).Should(200).Json.GetProperty("file").GetProperty("id").GetString();
        Assert.Equal("01234", (await _other.GetAsync($"v1/files/{file}/content")).Should(200).Body);
    }

    [Fact]
    public async Task A_holder_that_has_lost_its_claim_deletes_nothing_of_what_another_has_made()
    {
        _storage.HoldReads();
        var completing = CompleteAsync(_host, WrongMd5);
        for (var read = 0; read < 5; read++)
        {
            await _storage.ReadWaitsAsync();
            _storage.LetOneRead();
        }

        // All is read but the end, after which the sum is found wrong.
        await _storage.ReadWaitsAsync();

        // As if the holder had been frozen past its claim: its row says that it has lapsed, and its own clock does not.
        await _other.Service<UploadStore>().MutateAsync(
            _other.Tenant, _upload, upload => upload with { ClaimedUntil = _other.Time.GetUtcNow() }, default);
        var file = (await CompleteAsync(_other, RightMd5)).Should(200).Json.GetProperty("file").GetProperty("id").GetString();
        _other.Time.Advance(Step);
        _storage.LetAllRead();

        (await completing).ShouldFail(409, "conflict", null);
        Assert.Equal("01234", (await _other.GetAsync($"v1/files/{file}/content")).Should(200).Body);
    }

    private async Task<DateTimeOffset?> ClaimedUntilAsync() =>
        (await _other.Service<UploadStore>().FindAsync(_other.Tenant, _upload, default))!.ClaimedUntil;

    /// <summary>What was committed and found wrong is deleted, and with it the parts.</summary>
    private async Task AddPartAgainAsync() => _part = (await _other.SendAsync(
        HttpMethod.Post, $"v1/uploads/{_upload}/parts", Forms.Of(Forms.File("01234", name: "data")))).Should(200).Text("id");

    private Task<Answer> CompleteAsync(FilesHost host, string md5) =>
        host.PostAsync($"v1/uploads/{_upload}/complete", new { part_ids = new[] { _part }, md5 });

    private Task<Answer> CancelAsync(FilesHost host) => host.SendAsync(HttpMethod.Post, $"v1/uploads/{_upload}/cancel");
}
