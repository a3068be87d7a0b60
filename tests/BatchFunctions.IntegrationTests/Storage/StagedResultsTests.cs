using System.Buffers.Binary;
using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Specialized;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Storage;

/// <summary>
/// A batch that version 0.1 has begun, with results staged as blocks of its two blobs, is finished with all of them, whatever was
/// done by then.
/// </summary>
public sealed class StagedResultsTests : IAsyncLifetime
{
    private const int Lines = 120;

    private ScriptedUpstream _upstream = null!;
    private BatchDriver _driver = null!;

    public async Task InitializeAsync()
    {
        _upstream = await new ScriptedUpstream().StartAsync();
        _driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), _upstream.Address);
    }

    public async Task DisposeAsync()
    {
        await _driver.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task A_chunk_that_was_half_done_is_done_to_its_end()
    {
        var batch = await ValidatedAsync();
        await StageAsync(batch, chunk: 0, done: 40, ended: false);

        var ended = await _driver.RunToEndAsync(batch);

        await AssertFinishedAsync(ended);
        Assert.Equal(Lines - 40, _upstream.Calls.Count);
    }

    [Fact]
    public async Task Chunks_that_had_ended_are_read_beside_those_that_end_now()
    {
        var batch = await ValidatedAsync();
        await StageAsync(batch, chunk: 1, done: 20, ended: true);

        await AssertFinishedAsync(await _driver.RunToEndAsync(batch));
    }

    /// <param name="isWritten">Whether the other version got as far as committing the output and writing its row.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_manifest_that_stands_decides_which_files_there_are(bool isWritten)
    {
        var batch = await ValidatedAsync();
        var blocks = await StageAsync(batch, chunk: 0, done: 100, ended: true);
        blocks.AddRange(await StageAsync(batch, chunk: 1, done: 20, ended: true));
        Assert.NotNull(await _driver.Batches.MutateAsync(
            batch.Key, current => current.Finalize(BatchStatus.Completed, DateTimeOffset.UtcNow), CancellationToken.None));
        var id = IdKind.File.New(DateTimeOffset.UtcNow);
        var container = _driver.Storage.Blobs.GetBlobContainerClient(ContainerNames.Batches);
        await container.GetBlobClient($"{batch.Id}/manifest").UploadAsync(new BinaryData(
            $$$"""{"Version":1,"Outcome":"Completed","FinishedAt":"2026-11-23T00:00:00+00:00","OutputFileId":"{{{id}}}","ErrorFileId":null,"OutputBytes":{{{await BytesAsync(batch)}}},"ErrorBytes":0,"OutputBlocks":[],"ErrorBlocks":[],"Counts":{"Total":120,"Completed":120,"Failed":0},"Usage":{"Input":0,"CachedInput":0,"Output":0,"ReasoningOutput":0}}"""));
        if (isWritten)
        {
            await container.GetBlockBlobClient($"{batch.Id}/output").CommitBlockListAsync(blocks);
            Assert.True(await _driver.Get<FileStore>().TryInsertAsync(
                new StoredFile
                {
                    Tenant = BatchDriver.Tenant,
                    Id = id,
                    Filename = "output.jsonl",
                    Purpose = FilePurposes.BatchOutput,
                    Bytes = await BytesAsync(batch),
                    CreatedAt = IdKind.File.CreatedAt(id),
                    Blob = new BlobLocation(ContainerNames.Batches, $"{batch.Id}/output"),
                },
                CancellationToken.None));
        }

        await _driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        await _driver.Get<BatchFinish>().FinishAsync(await _driver.ReadAsync(batch), CancellationToken.None);

        var ended = await _driver.ReadAsync(batch);
        Assert.Equal(id, ended.OutputFileId);
        await AssertFinishedAsync(ended);
        var listed = await _driver.Get<FileStore>().ListAsync(
            BatchDriver.Tenant, new FileListing(null, 10, false, FilePurposes.BatchOutput), CancellationToken.None);
        Assert.Equal([id], listed.Files.Select(file => file.Id));
    }

    [Fact]
    public async Task Blocks_that_storage_has_dropped_fail_the_batch_and_say_so()
    {
        var batch = await ValidatedAsync();
        await StageAsync(batch, chunk: 1, done: 20, ended: true);
        await _driver.Storage.Blobs.GetBlobContainerClient(ContainerNames.Batches)
            .GetBlockBlobClient($"{batch.Id}/output").CommitBlockListAsync([]);
        await _driver.Get<FileBlobs>().TryDeleteAsync(ResultBlobs.FileOf(batch.Id, ResultFile.Output), CancellationToken.None);

        var failed = await _driver.RunToEndAsync(batch);

        Assert.Equal((BatchStatus.Failed, "results_lost"), (failed.Status, Assert.Single(failed.Errors).Code));
    }

    private async Task AssertFinishedAsync(Batch ended)
    {
        Assert.Equal(BatchStatus.Completed, ended.Status);
        await _driver.AssertPromiseAsync(ended, Lines);
    }

    /// <summary>A batch of two chunks, of 100 lines and of 20, whose messages are still to be handled.</summary>
    private async Task<Batch> ValidatedAsync()
    {
        var batch = await _driver.CreateAsync(Lines);
        await _driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        return await _driver.ReadAsync(batch);
    }

    private async Task<long> BytesAsync(Batch batch) =>
        await _driver.Chunks.ListAsync(batch.Id, CancellationToken.None).Select(chunk => chunk.Staged.OutputBytes).SumAsync();

    /// <summary>Writes a chunk's row, and its first lines in one block, as version 0.1 did.</summary>
    /// <returns>The id of the block.</returns>
    private async Task<List<string>> StageAsync(Batch batch, int chunk, int done, bool ended)
    {
        var content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, done).Select(line =>
            $$$"""{"id":"batch_req_{{{line}}}","custom_id":"line-{{{(chunk * 100) + line}}}","response":{"status_code":200,"request_id":"r","body":{}},"error":null}{{{"\n"}}}""")));
        var block = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{chunk:D6}-000003-000000"));
        using var stream = new MemoryStream(content);
        await _driver.Storage.Blobs.GetBlobContainerClient(ContainerNames.Batches)
            .GetBlockBlobClient($"{batch.Id}/output").StageBlockAsync(block, stream);

        var table = _driver.Storage.Tables.GetTableClient(TableNames.Chunks);
        TableEntity row = await table.GetEntityAsync<TableEntity>(batch.Id, ChunkRow.RowKeyOf(chunk));
        row["Version"] = 1;
        row["Epoch"] = 3;
        row["Completed"] = done;
        row["Done"] = LineSet.Empty.With([.. Enumerable.Range(0, done)]).ToBytes();
        row["OutputBlocks"] = PackedBlock();
        row["ErrorBlocks"] = Array.Empty<byte>();
        row["OutputBytes"] = (long)content.Length;
        row["ErrorBytes"] = 0L;
        row["Ended"] = ended;
        row["NotBefore"] = ended ? null : DateTimeOffset.UtcNow;
        if (ended)
        {
            row.Remove("NotBefore");
        }

        await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        return [block];
    }

    private static byte[] PackedBlock()
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, 3);
        return bytes;
    }
}
