using BatchFunctions.Files;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>
/// A deletion by a process of an earlier version, which marks a file, looks for batches that read it, and then decides: what others
/// see of the file meanwhile, and what a crash leaves.
/// </summary>
public sealed class UndecidedDeletionTests : IAsyncLifetime
{
    private static readonly TimeSpan MarkLife = TimeSpan.FromMinutes(1);

    private FilesHost _host = null!;
    private string _file = null!;

    public async Task InitializeAsync()
    {
        _host = await FilesHost.StartAsync();
        _file = await _host.UploadedAsync();
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Until_it_is_decided_the_file_is_there_and_who_makes_a_batch_of_it_is_told_to_ask_again()
    {
        await MarkAsync();

        await AssertShownAsync();
        AssertPasses(await CreateAsync(), "input_file_id");
    }

    [Fact]
    public async Task The_mark_that_a_crash_leaves_lapses()
    {
        await MarkAsync();
        AssertPasses(await CreateAsync(), "input_file_id");

        _host.Time.Advance(MarkLife);

        (await CreateAsync()).Should(200);
        await AssertShownAsync();
    }

    [Fact]
    public async Task A_marked_file_is_deleted_like_any_other_and_its_writer_decides_no_more()
    {
        var file = await MarkAsync();

        (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{_file}")).Should(200);

        Assert.Null(await _host.Service<FileStore>().TryUpdateAsync(file with { DeletingUntil = null }, default));
        (await _host.GetAsync($"v1/files/{_file}")).ShouldFail(404, null, "id");
        Assert.DoesNotContain("blob", await _host.StoredAsync());
    }

    [Fact]
    public async Task A_decision_that_comes_after_a_batch_was_made_of_the_file_is_refused()
    {
        // The decision itself is under way, so its writer cannot know any more that the mark has lapsed.
        var file = await MarkAsync();
        _host.Time.Advance(MarkLife);
        (await CreateAsync()).Should(200);

        Assert.Null(await _host.Service<FileStore>().TryUpdateAsync(file with { Deleted = true, DeletingUntil = null }, default));

        await AssertShownAsync();
    }

    /// <summary>The mark of a deleter that has crashed behind it.</summary>
    private async Task<StoredFile> MarkAsync() => (await _host.Service<FileStore>().MutateAsync(
        _host.Tenant, _file, file => file with { DeletingUntil = _host.Time.GetUtcNow() + MarkLife }, default))!;

    private async Task AssertShownAsync()
    {
        (await _host.GetAsync($"v1/files/{_file}")).Should(200);
        Assert.Contains(_file, (await _host.GetAsync("v1/files")).Should(200).Ids);
        Assert.Equal(Forms.Line, (await _host.GetAsync($"v1/files/{_file}/content")).Should(200).Body);
    }

    /// <summary>Official clients repeat a 409 by themselves unless they are told not to.</summary>
    private static void AssertPasses(Answer answer, string? param) =>
        Assert.DoesNotContain("x-should-retry", answer.ShouldFail(409, "file_being_deleted", param).Headers.Keys);

    private Task<Answer> CreateAsync() => _host.PostAsync(
        "v1/batches", new { input_file_id = _file, endpoint = "/v1/chat/completions", completion_window = "24h" });
}
