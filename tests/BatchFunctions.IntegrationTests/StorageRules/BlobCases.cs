using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>Containers, and blobs as a whole.</summary>
public abstract class BlobCases(string connection) : StorageCases(connection)
{
    private async Task<BlobContainerClient> NewContainerAsync()
    {
        var container = Blobs.GetBlobContainerClient("things");
        await container.CreateAsync();
        return container;
    }

    private async Task<BlobClient> NewBlobAsync(string content)
    {
        var blob = (await NewContainerAsync()).GetBlobClient("a/b c+ß.txt");
        await blob.UploadAsync(new BinaryData(content));
        return blob;
    }

    private static async Task<string> ReadAsync(BlobBaseClient blob, HttpRange range = default, BlobRequestConditions? conditions = null)
    {
        var response = await blob.DownloadStreamingAsync(new BlobDownloadOptions { Range = range, Conditions = conditions });
        using var reader = new StreamReader(response.Value.Content);
        return $"{response.GetRawResponse().Status} {await reader.ReadToEndAsync()}";
    }

    [Fact]
    public Task A_container_is_created_once() => ExpectAsync("409 ContainerAlreadyExists", async () =>
        await StatusAsync((await NewContainerAsync()).CreateAsync()));

    [Fact]
    public Task A_containers_name_has_no_capitals() => ExpectAsync(
        "400 InvalidResourceName", () => StatusAsync(Blobs.GetBlobContainerClient("Things").CreateAsync()));

    [Fact]
    public Task The_name_of_a_container_that_was_just_deleted_is_taken() => ExpectAsync("409 ContainerBeingDeleted", async () =>
    {
        var container = await NewContainerAsync();
        await container.DeleteAsync();
        return await StatusAsync(container.CreateAsync());
    });

    [Fact]
    public Task A_container_that_is_not_there_is_not_written_to() => ExpectAsync("404 ContainerNotFound", () =>
        StatusAsync(Blobs.GetBlobContainerClient("nothing").GetBlobClient("a").UploadAsync(new BinaryData("a"))));

    [Fact]
    public Task A_blob_comes_back_with_its_type_and_metadata() => ExpectAsync("abc text/plain b 3", async () =>
    {
        var blob = (await NewContainerAsync()).GetBlobClient("a/b");
        await blob.UploadAsync(new BinaryData("abc"), new BlobUploadOptions
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = "text/plain" },
            Metadata = new Dictionary<string, string> { ["a"] = "b" },
        });
        var (content, properties) = ((await blob.DownloadContentAsync()).Value.Content, (await blob.GetPropertiesAsync()).Value);
        return $"{content} {properties.ContentType} {properties.Metadata["a"]} {properties.ContentLength}";
    });

    [Fact]
    public Task A_blob_that_is_not_there_is_not_read() => ExpectAsync("404 BlobNotFound", async () =>
        await ReadAsync((await NewContainerAsync()).GetBlobClient("a")));

    [Fact]
    public Task A_blob_that_is_not_there_has_no_properties() => ExpectAsync("404 BlobNotFound", async () =>
        await StatusAsync((await NewContainerAsync()).GetBlobClient("a").GetPropertiesAsync()));

    [Fact]
    public Task A_blob_that_must_not_be_there_is_not_replaced() => ExpectAsync("409 BlobAlreadyExists, 200 abc", async () =>
    {
        var blob = await NewBlobAsync("abc");
        var second = await OutcomeAsync(() => StatusAsync(blob.UploadAsync(new BinaryData("def"))));
        return $"{second}, {await ReadAsync(blob)}";
    });

    [Fact]
    public Task A_blob_is_replaced_under_its_ETag() => ExpectAsync("201 412 ConditionNotMet", async () =>
    {
        var blob = await NewBlobAsync("abc");
        var etag = (await blob.GetPropertiesAsync()).Value.ETag;
        Func<Task<string>> replace = () => StatusAsync(blob.UploadAsync(
            new BinaryData("def"), new BlobUploadOptions { Conditions = new BlobRequestConditions { IfMatch = etag } }));
        return $"{await replace()} {await OutcomeAsync(replace)}";
    });

    [Fact]
    public Task A_blob_is_read_under_its_ETag() => ExpectAsync("200 abc, then 412 ConditionNotMet", async () =>
    {
        var blob = await NewBlobAsync("abc");
        var conditions = new BlobRequestConditions { IfMatch = (await blob.GetPropertiesAsync()).Value.ETag };
        var first = await ReadAsync(blob, conditions: conditions);
        await blob.UploadAsync(new BinaryData("def"), overwrite: true);
        return $"{first}, then {await OutcomeAsync(() => ReadAsync(blob, conditions: conditions))}";
    });

    [Fact]
    public Task A_blob_that_has_not_changed_is_not_read_again() => ExpectAsync("304", async () =>
    {
        var blob = await NewBlobAsync("abc");
        var etag = (await blob.GetPropertiesAsync()).Value.ETag;
        var response = await blob.DownloadStreamingAsync(
            new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = etag } });
        return $"{response.GetRawResponse().Status}";
    });

    [Fact]
    public Task A_range_within_the_blob_is_read() =>
        ExpectAsync("206 bcd", async () => await ReadAsync(await NewBlobAsync("abcdef"), new HttpRange(1, 3)));

    [Fact]
    public Task A_range_that_ends_behind_the_blob_ends_with_it() =>
        ExpectAsync("206 ef", async () => await ReadAsync(await NewBlobAsync("abcdef"), new HttpRange(4, 100)));

    [Fact]
    public Task A_range_without_an_end_ends_with_the_blob() =>
        ExpectAsync("206 def", async () => await ReadAsync(await NewBlobAsync("abcdef"), new HttpRange(3)));

    [Fact]
    public Task A_range_that_begins_behind_the_blob_is_refused() =>
        ExpectAsync("416 InvalidRange", async () => await ReadAsync(await NewBlobAsync("abc"), new HttpRange(3, 1)));

    [Fact]
    public Task An_empty_blob_has_no_range() =>
        ExpectAsync("416 InvalidRange", async () => await ReadAsync(await NewBlobAsync(""), new HttpRange(0, 1)));

    [Fact]
    public Task Content_with_another_MD5_is_refused() => ExpectAsync("400 Md5Mismatch", async () =>
    {
        using var content = new MemoryStream([1, 2, 3]);
        var blob = (await NewContainerAsync()).GetBlockBlobClient("a");
        return await StatusAsync(blob.StageBlockAsync("AAAA", content, new BlockBlobStageBlockOptions
        {
            TransferValidation = new Azure.Storage.UploadTransferValidationOptions
            {
                ChecksumAlgorithm = Azure.Storage.StorageChecksumAlgorithm.MD5,
                PrecalculatedChecksum = new byte[16],
            },
        }));
    });

    [Fact]
    public Task A_blob_is_deleted_once() => ExpectAsync("202 404 BlobNotFound", async () =>
    {
        var blob = await NewBlobAsync("abc");
        return $"{(await blob.DeleteAsync()).Status} {await OutcomeAsync(() => StatusAsync(blob.DeleteAsync()))}";
    });

    [Fact]
    public Task A_blobs_name_has_at_most_1024_characters() => ExpectAsync("400 OutOfRangeInput", async () =>
        await StatusAsync((await NewContainerAsync()).GetBlobClient(new string('a', 1025)).UploadAsync(new BinaryData("a"))));

    [Fact]
    public Task Blobs_are_listed_by_prefix_page_by_page() => ExpectAsync("x/1 x/2|x/3", async () =>
    {
        var container = await NewContainerAsync();
        foreach (var name in (string[])["x/3", "y", "x/1", "x/2"])
        {
            await container.GetBlobClient(name).UploadAsync(new BinaryData("a"));
        }

        var pages = container.GetBlobsAsync(BlobTraits.None, BlobStates.None, "x/", default).AsPages(pageSizeHint: 2);
        return string.Join('|', await pages.Select(page => string.Join(' ', page.Values.Select(blob => blob.Name))).ToListAsync());
    });
}

public sealed class StrictBlobTests() : BlobCases(TestStorage.NewStrictAccount());

public sealed class AzuriteBlobTests() : BlobCases(TestStorage.NewAccount());
