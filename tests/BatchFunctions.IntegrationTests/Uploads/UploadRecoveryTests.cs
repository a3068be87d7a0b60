using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Files;
using BatchFunctions.Uploads;

namespace BatchFunctions.IntegrationTests.Uploads;

/// <summary>What a crash leaves at each gap of a completion, and what repairs it.</summary>
public sealed class UploadRecoveryTests : IAsyncLifetime
{
    private FilesHost _host = null!;
    private string _upload = null!;
    private string _part = null!;

    private UploadStore Uploads => _host.Service<UploadStore>();

    public async Task InitializeAsync()
    {
        _host = await FilesHost.StartAsync();
        _upload = (await _host.PostAsync(
            "v1/uploads", new { bytes = 5, filename = "a", mime_type = "text/plain", purpose = "user_data" })).Should(200).Text("id");
        _part = (await _host.SendAsync(
            HttpMethod.Post, $"v1/uploads/{_upload}/parts", Forms.Of(Forms.File("01234", name: "data")))).Should(200).Text("id");
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task While_one_completes_it_others_are_told_to_ask_again()
    {
        await ClaimAsync();

        var answer = (await CompleteAsync()).ShouldFail(409, "conflict", null);

        // Official clients ask again by themselves, unless told not to.
        Assert.DoesNotContain("x-should-retry", answer.Headers.Keys);
        (await CancelAsync()).ShouldFail(409, "conflict", null);
    }

    [Fact]
    public async Task A_claim_that_has_lapsed_is_taken_over()
    {
        await ClaimAsync();
        _host.Time.Advance(UploadClaim.Length);

        (await CompleteAsync()).Should(200);
    }

    [Fact]
    public async Task A_crash_after_the_commit_is_gone_over_again()
    {
        var claimed = await ClaimAsync();
        await CommitAsync(claimed);
        _host.Time.Advance(UploadClaim.Length);

        var answer = (await CompleteAsync()).Should(200);

        Assert.Equal(claimed.FileId, answer.Json.GetProperty("file").GetProperty("id").GetString());
        Assert.Equal("01234", (await _host.GetAsync($"v1/files/{claimed.FileId}/content")).Should(200).Body);
    }

    [Fact]
    public async Task A_crash_after_the_files_row_leaves_a_file_whatever_is_asked_next()
    {
        var claimed = await ClaimAsync();
        await CommitAsync(claimed);
        await _host.Service<FileStore>().TryInsertAsync(claimed.ToFile(), default);
        _host.Time.Advance(UploadClaim.Length);

        Assert.Equal("Cannot cancel an upload with status 'completed'.", (await CancelAsync()).Should(400).Message);

        (await CompleteAsync()).Should(200);
        Assert.Equal("01234", (await _host.GetAsync($"v1/files/{claimed.FileId}/content")).Should(200).Body);
    }

    [Fact]
    public async Task The_sweep_keeps_the_file_of_a_completion_that_crashed_after_its_row()
    {
        var claimed = await ClaimAsync();
        await CommitAsync(claimed);
        await _host.Service<FileStore>().TryInsertAsync(claimed.ToFile(), default);
        _host.Time.Advance(TimeSpan.FromHours(1));

        await _host.Expiry.RunDueAsync(default);

        Assert.Equal("01234", (await _host.GetAsync($"v1/files/{claimed.FileId}/content")).Should(200).Body);
        Assert.Equal("completed", (await CompleteAsync()).Should(200).Text("status"));
    }

    [Fact]
    public async Task The_sweep_removes_what_was_committed_and_never_became_a_file()
    {
        await CommitAsync(await ClaimAsync());
        _host.Time.Advance(TimeSpan.FromHours(1));

        await _host.Expiry.RunDueAsync(default);

        Assert.DoesNotContain("blob", await _host.StoredAsync());
        (await CompleteAsync()).ShouldFail(400, "invalid_state", null);
    }

    [Fact]
    public async Task The_sweep_waits_for_a_completion_under_way()
    {
        _host.Time.Advance(TimeSpan.FromMinutes(59));
        await ClaimAsync();
        _host.Time.Advance(TimeSpan.FromMinutes(1));

        await _host.Expiry.RunDueAsync(default);
        Assert.Equal(UploadStatus.Pending, (await Uploads.FindAsync(_host.Tenant, _upload, default))!.Status);

        _host.Time.Advance(UploadClaim.Length);
        await _host.Expiry.RunDueAsync(default);
        Assert.Equal(UploadStatus.Expired, (await Uploads.FindAsync(_host.Tenant, _upload, default))!.Status);
    }

    /// <summary>The upload as a completion that has just begun leaves it.</summary>
    private async Task<Upload> ClaimAsync()
    {
        var now = _host.Time.GetUtcNow();
        return (await Uploads.MutateAsync(
            _host.Tenant,
            _upload,
            upload => upload with { ClaimedUntil = UploadClaim.From(now), FileId = IdKind.File.New(now) },
            default))!;
    }

    private async Task CommitAsync(Upload upload)
    {
        var blocks = await _host.Blobs.BlocksAsync(upload.Blob, default);
        await _host.Blobs.CommitAsync(upload.Blob, UploadPart.BlocksOf(_part, blocks).Select(block => block.BlockId), default);
    }

    private Task<Answer> CompleteAsync() =>
        _host.PostAsync($"v1/uploads/{_upload}/complete", new { part_ids = new[] { _part } });

    private Task<Answer> CancelAsync() => _host.SendAsync(HttpMethod.Post, $"v1/uploads/{_upload}/cancel");
}
