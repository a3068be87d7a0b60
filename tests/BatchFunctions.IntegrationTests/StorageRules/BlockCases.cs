using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>Blobs in blocks.</summary>
public abstract class BlockCases(string connection) : StorageCases(connection)
{
    private static readonly BlobRequestConditions MustNotExist = new() { IfNoneMatch = ETag.All };

    private async Task<BlockBlobClient> NewBlobAsync(params string[] staged)
    {
        var container = Blobs.GetBlobContainerClient("things");
        await container.CreateAsync();
        var blob = container.GetBlockBlobClient("a/b");
        foreach (var text in staged)
        {
            await StageAsync(blob, IdOf(text), text);
        }

        return blob;
    }

    private static string IdOf(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"id-{text}"));

    private static async Task<string> StageAsync(BlockBlobClient blob, string id, string text)
    {
        using var content = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        return await StatusAsync(blob.StageBlockAsync(id, content));
    }

    private static Task<string> CommitAsync(BlockBlobClient blob, params string[] texts) =>
        StatusAsync(blob.CommitBlockListAsync(texts.Select(IdOf)));

    private static async Task<string> ContentOf(BlobBaseClient blob) => (await blob.DownloadContentAsync()).Value.Content.ToString();

    private static async Task<string> BlocksOf(BlockBlobClient blob)
    {
        var list = (await blob.GetBlockListAsync(BlockListTypes.All)).Value;
        return $"{list.CommittedBlocks.Count()}+{list.UncommittedBlocks.Count()}";
    }

    [Fact]
    public Task Blocks_are_committed_in_the_order_of_the_list() => ExpectAsync("bab 3+0", async () =>
    {
        var blob = await NewBlobAsync("a", "b");
        await CommitAsync(blob, "b", "a", "b");
        return $"{await ContentOf(blob)} {await BlocksOf(blob)}";
    });

    [Fact]
    public Task Committed_blocks_are_committed_again() => ExpectAsync("ca", async () =>
    {
        var blob = await NewBlobAsync("a", "b");
        await CommitAsync(blob, "a", "b");
        await StageAsync(blob, IdOf("c"), "c");
        await CommitAsync(blob, "c", "a");
        return await ContentOf(blob);
    });

    [Fact]
    public Task A_block_that_is_staged_again_is_replaced() => ExpectAsync("new 1+0", async () =>
    {
        var blob = await NewBlobAsync("a");
        await StageAsync(blob, IdOf("a"), "new");
        await CommitAsync(blob, "a");
        return $"{await ContentOf(blob)} {await BlocksOf(blob)}";
    });

    [Fact]
    public Task A_block_that_was_never_staged_is_not_committed() => ExpectAsync("400 InvalidBlockList", async () =>
        await CommitAsync(await NewBlobAsync("a"), "a", "b"));

    [Fact]
    public Task Ids_of_uncommitted_blocks_have_one_length() => ExpectAsync("400 InvalidBlobOrBlock", async () =>
        await StageAsync(await NewBlobAsync("a"), IdOf("longer"), "b"));

    [Fact]
    public Task Ids_need_not_have_the_length_of_committed_ones() => ExpectAsync("201", async () =>
    {
        var blob = await NewBlobAsync("a");
        await CommitAsync(blob, "a");
        return await StageAsync(blob, IdOf("longer"), "b");
    });

    [Fact]
    public Task An_id_of_64_bytes_is_taken() => ExpectAsync("201", async () =>
        await StageAsync(await NewBlobAsync(), Convert.ToBase64String(new byte[64]), "a"));

    [Fact]
    public Task An_id_of_65_bytes_is_not() => ExpectAsync("400 InvalidQueryParameterValue", async () =>
        await StageAsync(await NewBlobAsync(), Convert.ToBase64String(new byte[65]), "a"));

    [Fact]
    public Task An_id_is_Base64() => ExpectAsync("400 InvalidQueryParameterValue", async () =>
        await StageAsync(await NewBlobAsync(), "no!", "a"));

    [Fact]
    public Task A_block_is_not_empty() => ExpectAsync("400 InvalidHeaderValue", async () =>
        await StageAsync(await NewBlobAsync(), IdOf("a"), ""));

    [Fact]
    public Task A_blob_of_staged_blocks_alone_is_not_read() => ExpectAsync("404 BlobNotFound", async () =>
        await ContentOf(await NewBlobAsync("a")));

    [Fact]
    public Task A_blob_of_staged_blocks_alone_has_no_properties() => ExpectAsync("404 BlobNotFound", async () =>
        await StatusAsync((await NewBlobAsync("a")).GetPropertiesAsync()));

    [Fact]
    public Task A_blob_of_staged_blocks_alone_has_a_block_list() => ExpectAsync("0+2", async () => await BlocksOf(await NewBlobAsync("a", "b")));

    [Fact]
    public Task A_blob_that_is_not_there_has_no_block_list() => ExpectAsync("404 BlobNotFound", async () => await BlocksOf(await NewBlobAsync()));

    [Fact]
    public Task A_blob_of_staged_blocks_alone_cannot_be_deleted() => ExpectAsync("404 BlobNotFound, 0+1", async () =>
    {
        var blob = await NewBlobAsync("a");
        var deleted = await OutcomeAsync(() => StatusAsync(blob.DeleteAsync()));
        return $"{deleted}, {await OutcomeAsync(() => BlocksOf(blob))}";
    });

    [Fact]
    public Task A_blob_of_staged_blocks_alone_is_listed_only_where_it_is_asked_for() => ExpectAsync("0 1", async () =>
    {
        var container = (await NewBlobAsync("a")).GetParentBlobContainerClient();
        Func<BlobStates, Task<int>> count = async states =>
            await container.GetBlobsAsync(BlobTraits.None, states, null, default).CountAsync();
        return $"{await count(BlobStates.None)} {await count(BlobStates.Uncommitted)}";
    });

    [Fact]
    public Task A_commit_drops_the_blocks_that_it_does_not_name() => ExpectAsync("1+0", async () =>
    {
        var blob = await NewBlobAsync("a", "b");
        await CommitAsync(blob, "a");
        return await BlocksOf(blob);
    });

    [Fact]
    public Task A_commit_of_nothing_drops_all_blocks_and_leaves_an_empty_blob() => ExpectAsync("[] 0+0", async () =>
    {
        var blob = await NewBlobAsync("a", "b");
        await CommitAsync(blob);
        return $"[{await ContentOf(blob)}] {await BlocksOf(blob)}";
    });

    [Fact]
    public Task A_blob_that_is_put_as_a_whole_drops_all_blocks() => ExpectAsync("whole 0+0", async () =>
    {
        var blob = await NewBlobAsync("a", "b");
        using var content = new MemoryStream("whole"u8.ToArray());
        await blob.UploadAsync(content);
        return $"{await ContentOf(blob)} {await BlocksOf(blob)}";
    });

    [Fact]
    public Task A_blob_that_must_not_be_there_is_committed_over_staged_blocks() => ExpectAsync("201", async () =>
    {
        var blob = await NewBlobAsync("a");
        return await StatusAsync(blob.CommitBlockListAsync([IdOf("a")], new CommitBlockListOptions { Conditions = MustNotExist }));
    });

    [Fact]
    public Task A_blob_that_must_not_be_there_is_not_committed_twice() => ExpectAsync("409 BlobAlreadyExists", async () =>
    {
        var blob = await NewBlobAsync("a");
        await CommitAsync(blob, "a");
        return await StatusAsync(blob.CommitBlockListAsync([IdOf("a")], new CommitBlockListOptions { Conditions = MustNotExist }));
    });

    [Fact]
    public Task A_commit_of_50000_blocks_is_taken() => ExpectAsync("201", async () =>
        await CommitAsync(await NewBlobAsync("a"), [.. Enumerable.Repeat("a", 50_000)]));

    [Fact]
    public Task A_commit_of_one_block_more_is_not() => ExpectAsync("400 BlockListTooLong", async () =>
        await CommitAsync(await NewBlobAsync("a"), [.. Enumerable.Repeat("a", 50_001)]));
}

public sealed class StrictBlockTests() : BlockCases(TestStorage.NewStrictAccount());

public sealed class AzuriteBlockTests() : BlockCases(TestStorage.NewAccount());
