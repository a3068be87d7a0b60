using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs.Models;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Results are there while the batch runs, and storage holds no others than those that the file has in the end.</summary>
public sealed class ResultsWhileRunningTests : DrivenTest
{
    private const int Lines = 120;

    private readonly ScriptedSteps _steps = new();
    private readonly FaultyStorage _storage = new();

    private protected override IReadOnlyDictionary<string, string?> Settings { get; } =
        new Dictionary<string, string?> { ["Batch:Lease"] = "00:00:01" };

    private protected override void Configure(IServiceCollection services) => services.AddSingleton<ProtocolSteps>(_steps).AddSingleton<HttpPipelinePolicy>(_storage);

    [Fact]
    public async Task A_batch_names_its_files_as_soon_as_there_is_a_result_and_what_was_read_is_how_they_begin()
    {
        Upstream.Answer(call => call.Marker == "m3" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call));
        var batch = await ValidatedAsync();
        await AdvanceAsync(batch);
        Assert.Equal((null, null), await FilesOfAsync(batch));

        await RunAsync(batch, 1);
        await AdvanceAsync(batch);
        var (output, error) = await FilesOfAsync(batch);
        Assert.Null(error);
        Assert.True((await FileAsync(output!)).IsGrowing);
        var early = (await Driver.ReadResultsAsync(output)).Select(line => line.GetRawText()).ToList();
        Assert.Equal(20, early.Count);

        await RunAsync(batch, 0);
        var ended = await Driver.ReadAsync(batch);
        Assert.Equal((BatchStatus.Completed, output), (ended.Status, ended.OutputFileId));
        var whole = await Driver.AssertPromiseAsync(ended, Lines);
        Assert.Equal(early, whole.Output.Take(early.Count).Select(line => line.GetRawText()));
        Assert.False((await FileAsync(output!)).IsGrowing);
        await AssertNothingElseAsync(ended);
    }

    /// <summary>The next checkpoint is five minutes away, and the chunk has lines that are not answered.</summary>
    [Fact]
    public Task The_first_results_are_shown_before_a_checkpoint_is_due() =>
        AssertShownAsync(50, now => now.Counts.Completed > 0, []);

    /// <summary>The chunk ends before a checkpoint, and an advance that waits for others to join is five minutes away.</summary>
    [Fact]
    public Task The_first_chunk_that_ends_is_shown_at_once() => AssertShownAsync(
        30, now => now.Counts.Completed == 10, new() { ["Batch:ChunkLines"] = "10", ["Batch:AdvanceDelay"] = "00:05:00" });

    [Fact]
    public async Task A_crash_between_the_publication_and_the_batchs_row_publishes_nothing_twice()
    {
        var batch = await ValidatedAsync();
        await RunAsync(batch, 1);
        _steps.CrashAt(ProtocolStep.ResultsPublished);
        await Assert.ThrowsAsync<SimulatedCrashException>(() => AdvanceAsync(batch));
        Assert.Equal((null, null), await FilesOfAsync(batch));

        await AdvanceAsync(batch);
        Assert.Equal(20, (await Driver.ReadResultsAsync((await FilesOfAsync(batch)).Output)).Count);
        await RunAsync(batch, 0);
        await Driver.AssertPromiseAsync(await Driver.ReadAsync(batch), Lines);
    }

    [Theory]
    [InlineData(nameof(ProtocolStep.OutputSegmentStored))]
    [InlineData(nameof(ProtocolStep.ErrorSegmentStored))]
    [InlineData(nameof(ProtocolStep.OutputFileWritten))]
    [InlineData(nameof(ProtocolStep.ErrorFileWritten))]
    [InlineData(nameof(ProtocolStep.LeftoversDiscarded))]
    public async Task A_crash_leaves_nothing_that_no_file_names(string step)
    {
        Upstream.Answer(call => call.Marker == "m3" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call));
        var batch = await Driver.CreateAsync(Lines);
        _steps.CrashAt(ProtocolStep.OutputSegmentStored);
        _steps.CrashAt(Enum.Parse<ProtocolStep>(step));

        var ended = await Driver.RunToEndAsync(batch);

        await Driver.AssertPromiseAsync(ended, Lines);
        await AssertNothingElseAsync(ended);
    }

    [Fact]
    public async Task A_worker_that_was_overtaken_takes_away_what_it_stored()
    {
        var batch = await ValidatedAsync();
        var frozen = _steps.HoldAt(ProtocolStep.OutputSegmentStored);
        var first = RunAsync(batch, 0);
        await frozen.ReachedAsync();
        await FreeAsync(batch, 0);
        await RunAsync(batch, 0);
        Assert.Equal(2, (await BlobsAsync(batch)).Count);

        frozen.Release();
        await first;

        Assert.Single(await BlobsAsync(batch));
    }

    /// <summary>
    /// The write landed, its answer is lost, and when it is sent again another has claimed the chunk: the refusal does not say
    /// that the segment is in the row, and it must not be taken away.
    /// </summary>
    [Fact]
    public async Task A_segment_whose_commit_landed_stays_though_its_writer_was_refused()
    {
        var batch = await ValidatedAsync();
        var isClaimed = false;
        _storage.LoseAnswerOf(request =>
        {
            if (isClaimed || request.Method != RequestMethod.Put
                || !request.Uri.Path.Contains("chunks(", StringComparison.Ordinal)
                || !_steps.Reached.ContainsKey(ProtocolStep.OutputSegmentStored))
            {
                return false;
            }

            isClaimed = true;
            var chunks = Driver.Chunks;
            var landed = chunks.FindAsync(batch.Id, 0, CancellationToken.None).GetAwaiter().GetResult()!;
            Assert.NotEmpty(landed.Segments);
            var later = landed with { Ended = false };
            Assert.NotNull(chunks.TryUpdateAsync(later.Claim(DateTimeOffset.UtcNow), CancellationToken.None).GetAwaiter().GetResult());
            return true;
        });
        await RunAsync(batch, 0);
        Assert.Equal(1, _storage.Lost);

        await FreeAsync(batch, 0);
        await RunAsync(batch, 0);
        await RunAsync(batch, 1);
        var ended = await Driver.ReadAsync(batch);
        await Driver.AssertPromiseAsync(ended, Lines);
        Assert.All(Upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
    }

    [Fact]
    public async Task What_comes_after_a_batch_was_cleared_away_goes_a_day_later()
    {
        var batch = await ValidatedAsync();
        var late = await Driver.Chunks.ListAsync(batch.Id, CancellationToken.None).ToListAsync();
        await RunAsync(batch, 0);
        await RunAsync(batch, 1);
        var ended = await Driver.ReadAsync(batch);
        var named = await BlobsAsync(batch);
        await Driver.Chunks.InsertAsync(late, CancellationToken.None);
        using var content = new MemoryStream([1]);
        var output = ResultBlobs.FileOf(batch.Id, ResultFile.Output);
        await Driver.Get<ResultBlobs>().PutAsync(FileSegment.At(output, 0, 2, 0), content, CancellationToken.None);
        await Driver.Get<ResultBlobs>().StageAsync(FileSegment.At(output, 0, 3, 0), "MDAwMDAw", content, CancellationToken.None);
        Assert.Equal(named.Count + 2, (await BlobsAsync(batch)).Count);

        Assert.Null(await Driver.Get<BatchLeftovers>().SettleAsync(batch.Key, CancellationToken.None));

        Assert.Equal(named, await BlobsAsync(batch));
        await Driver.AssertPromiseAsync(ended, Lines);
    }

    [Fact]
    public async Task A_batch_that_fails_while_a_chunk_is_held_counts_what_its_files_have()
    {
        var batch = await ValidatedAsync();
        await RunAsync(batch, 1);
        var frozen = _steps.HoldAt(ProtocolStep.OutputSegmentStored);
        var late = RunAsync(batch, 0);
        await frozen.ReachedAsync();

        var failing = await Driver.Batches.MutateAsync(
            batch.Key, current => current.FinalizeFailed(BatchFailures.NotClosed, DateTimeOffset.UtcNow), CancellationToken.None);
        _steps.CrashAt(ProtocolStep.ChunksEndedByForce);
        await Assert.ThrowsAsync<SimulatedCrashException>(
            () => Driver.Get<BatchFinish>().FinishAsync(failing!, CancellationToken.None));
        await Driver.Get<BatchFinish>().GiveUpAsync(batch.Key, BatchFailures.NotClosed, CancellationToken.None);
        frozen.Release();
        await late;

        var failed = await Driver.ReadAsync(batch);
        Assert.Equal((BatchStatus.Failed, 20), (failed.Status, failed.Counts.Completed));
        Assert.Equal(20, (await Driver.ReadResultsAsync(failed.OutputFileId)).Count);
    }

    private Task RunAsync(Batch batch, int chunk) => Driver.Get<ChunkWork>().RunAsync(batch.Key, chunk, CancellationToken.None);

    private Task AdvanceAsync(Batch batch) => Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);

    private Task FreeAsync(Batch batch, int chunk) => Eventually.UntilAsync(
        async () => !(await Driver.Chunks.FindAsync(batch.Id, chunk, CancellationToken.None))!.IsHeld(DateTimeOffset.UtcNow),
        TimeSpan.FromSeconds(30),
        "the lease has run out");

    private async Task<(string? Output, string? Error)> FilesOfAsync(Batch batch)
    {
        var now = await Driver.ReadAsync(batch);
        return (now.OutputFileId, now.ErrorFileId);
    }

    private async Task<StoredFile> FileAsync(string id) =>
        (await Driver.Get<FileStore>().FindAsync(BatchDriver.Tenant, id, CancellationToken.None))!;

    /// <summary>A batch of two chunks, of 100 lines and of 20.</summary>
    private async Task<Batch> ValidatedAsync()
    {
        var batch = await Driver.CreateAsync(Lines);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        return batch;
    }

    /// <summary>The blobs of the batch's results, and those of which there are staged blocks alone.</summary>
    private async Task<IReadOnlyList<string>> BlobsAsync(Batch batch) =>
        await Driver.Storage.Blobs.GetBlobContainerClient(ContainerNames.Batches)
            .GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, batch.Id + "/", CancellationToken.None)
            .Select(blob => blob.Name)
            .ToListAsync();

    /// <summary>
    /// Runs a batch whose first ten lines are answered at once, and the others when those have been seen. Checkpoints are five
    /// minutes apart.
    /// </summary>
    /// <param name="lines">Its lines.</param>
    /// <param name="isShown">Whether the batch shows what it is to show.</param>
    /// <param name="settings">What else is set.</param>
    private static async Task AssertShownAsync(int lines, Func<Batch, bool> isShown, Dictionary<string, string?> settings)
    {
        var released = new TaskCompletionSource();
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => call.Marker.Length == 2 ? ScriptedAnswer.Chat(call) : ScriptedAnswer.Chat(call).After(released.Task)).StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            upstream.Address,
            new Dictionary<string, string?>(settings) { ["Batch:Lease"] = "00:20:00", ["Batch:Checkpoint"] = "00:05:00" });
        var batch = await driver.CreateAsync(lines);
        driver.StartPump();

        var seen = await driver.WaitForAsync(batch, isShown, "the first results are counted");

        Assert.Equal(BatchStatus.InProgress, seen.Status);
        Assert.Equal(seen.Counts.Completed, (await driver.ReadResultsAsync(seen.OutputFileId)).Count);
        released.SetResult();
        await driver.AssertPromiseAsync(await driver.WaitForEndAsync(batch), lines);
    }

    private async Task AssertNothingElseAsync(Batch ended)
    {
        var named = new List<string>();
        foreach (var id in ended.ResultFileIds)
        {
            var file = await FileAsync(id);
            named.AddRange(await Driver.BlobsOfAsync(file));
        }

        Assert.Equal(named.Order(), (await BlobsAsync(ended)).Order());
    }
}
