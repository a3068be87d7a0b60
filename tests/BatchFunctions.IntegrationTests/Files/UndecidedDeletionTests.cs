using System.Net;
using Azure.Core;
using BatchFunctions.Files;
using BatchFunctions.Storage;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>A deletion between its mark and its decision: what others see of the file, and what a crash leaves.</summary>
public sealed class UndecidedDeletionTests : IAsyncLifetime
{
    private readonly HeldStorage _storage = new();
    private FilesHost _host = null!;
    private FilesHost _slow = null!;
    private string _file = null!;

    public async Task InitializeAsync()
    {
        _host = await FilesHost.StartAsync();
        _slow = await _host.BesideAsync(_storage);
        _file = await _host.UploadedAsync();
    }

    public async Task DisposeAsync()
    {
        await _slow.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Until_it_is_decided_the_file_is_there_and_who_would_change_that_is_told_to_ask_again()
    {
        var deletion = await HeldDeletionAsync();

        await AssertShownAsync();
        AssertPasses(await DeleteAsync(), null);
        AssertPasses(await CreateAsync(), "input_file_id");

        _storage.Release();
        (await deletion).Should(200);
        (await _host.GetAsync($"v1/files/{_file}")).ShouldFail(404, null, "id");
        (await CreateAsync()).ShouldFail(400, "invalid_request", "input_file_id");
    }

    [Fact]
    public async Task The_mark_that_a_crash_leaves_lapses()
    {
        await MarkAsync();
        AssertPasses(await CreateAsync(), "input_file_id");

        _host.Time.Advance(FileDeletion.MarkLife);

        (await CreateAsync()).Should(200);
        (await DeleteAsync()).ShouldFail(409, "invalid_state", null);
        await AssertShownAsync();
    }

    [Fact]
    public async Task A_file_whose_mark_has_lapsed_is_deleted_like_any_other()
    {
        await MarkAsync();
        _host.Time.Advance(FileDeletion.MarkLife);

        (await DeleteAsync()).Should(200);

        (await _host.GetAsync($"v1/files/{_file}")).ShouldFail(404, null, "id");
        Assert.DoesNotContain("blob", await _host.StoredAsync());
    }

    [Fact]
    public async Task A_deleter_that_takes_too_long_gives_up_and_the_file_stays()
    {
        var deletion = await HeldDeletionAsync();
        _host.Time.Advance(FileDeletion.MarkLife / 2);

        (await deletion).ShouldFail(503, "storage_unavailable", null);

        await AssertShownAsync();
    }

    [Fact]
    public async Task A_decision_that_comes_after_a_batch_was_made_of_the_file_is_refused()
    {
        // The decision itself is under way, so its writer cannot know any more that the mark has lapsed.
        var file = await MarkAsync();
        _host.Time.Advance(FileDeletion.MarkLife);
        (await CreateAsync()).Should(200);

        Assert.Null(await _host.Service<FileStore>().TryUpdateAsync(file with { Deleted = true, DeletingUntil = null }, default));

        await AssertShownAsync();
    }

    [Fact]
    public async Task A_file_that_stays_is_never_answered_as_gone()
    {
        for (var round = 0; round < 12; round++)
        {
            var file = await _host.UploadedAsync();
            var hosts = new[] { _host, _slow };
            var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => (i % 3) switch
            {
                0 => hosts[i % 2].SendAsync(HttpMethod.Delete, $"v1/files/{file}"),
                1 => CreateAsync(hosts[i % 2], file),
                _ => hosts[i % 2].GetAsync($"v1/files/{file}"),
            }));

            var made = answers.Where((_, i) => i % 3 == 1).Count(answer => answer.Status == HttpStatusCode.OK);
            var deleted = answers.Where((_, i) => i % 3 == 0).Count(answer => answer.Status == HttpStatusCode.OK);
            Assert.True(made == 0 || deleted == 0, $"{made} batches were made of a file that was deleted.");
            Assert.True(deleted <= 1);
            if ((await _host.GetAsync($"v1/files/{file}")).Status == HttpStatusCode.OK)
            {
                Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Conflict, answer.Body));
            }
            else
            {
                Assert.Equal(1, deleted);
            }
        }
    }

    /// <summary>A deletion that has marked the file and is kept from looking for batches.</summary>
    private async Task<Task<Answer>> HeldDeletionAsync()
    {
        _storage.HoldNext(request => request.Method == RequestMethod.Get
            && request.Uri.Path.Contains(TableNames.ActiveBatches, StringComparison.Ordinal));
        var deletion = _slow.SendAsync(HttpMethod.Delete, $"v1/files/{_file}");
        await _storage.ReachedAsync();
        return deletion;
    }

    /// <summary>The mark of a deleter that has crashed behind it.</summary>
    private async Task<StoredFile> MarkAsync() => (await _host.Service<FileStore>().MutateAsync(
        _host.Tenant, _file, file => file with { DeletingUntil = _host.Time.GetUtcNow() + FileDeletion.MarkLife }, default))!;

    private async Task AssertShownAsync()
    {
        (await _host.GetAsync($"v1/files/{_file}")).Should(200);
        Assert.Contains(_file, (await _host.GetAsync("v1/files")).Should(200).Ids);
        Assert.Equal(Forms.Line, (await _host.GetAsync($"v1/files/{_file}/content")).Should(200).Body);
    }

    /// <summary>Official clients repeat a 409 by themselves unless they are told not to.</summary>
    private static void AssertPasses(Answer answer, string? param) =>
        Assert.DoesNotContain("x-should-retry", answer.ShouldFail(409, "file_being_deleted", param).Headers.Keys);

    private Task<Answer> DeleteAsync() => _host.SendAsync(HttpMethod.Delete, $"v1/files/{_file}");

    private Task<Answer> CreateAsync() => CreateAsync(_host, _file);

    private static Task<Answer> CreateAsync(FilesHost host, string file) => host.PostAsync(
        "v1/batches", new { input_file_id = file, endpoint = "/v1/chat/completions", completion_window = "24h" });
}
