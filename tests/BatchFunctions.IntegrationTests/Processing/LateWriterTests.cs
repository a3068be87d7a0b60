using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Whoever comes too late changes nothing. Each case is driven step by step, without a pump beside it.</summary>
public sealed class LateWriterTests : DrivenTest
{
    private const int Lines = 120;

    private readonly ScriptedSteps _steps = new();

    private protected override IReadOnlyDictionary<string, string?> Settings { get; } =
        new Dictionary<string, string?> { ["Batch:Lease"] = "00:00:02" };

    private protected override void Configure(IServiceCollection services) => services.AddSingleton<ProtocolSteps>(_steps);

    [Fact]
    public async Task A_worker_that_was_frozen_behind_its_store_takes_nothing_of_its_successors_results_away()
    {
        var batch = await ValidatedAsync();
        Upstream.Answer(_ => ScriptedAnswer.Chat("too late!"));
        var frozen = _steps.HoldAt(ProtocolStep.OutputSegmentStored);
        var first = RunAsync(batch, 0);
        await frozen.ReachedAsync();
        await LapsedAsync(batch);

        // Its successor's answers are committed. It finds itself overtaken, and removes what it has stored in vain.
        Upstream.Answer(_ => ScriptedAnswer.Chat("committed"));
        await RunAsync(batch, 0);
        Assert.True((await ReadAsync(batch, 0)).Ended);
        frozen.Release();
        await first;

        await RunAsync(batch, 1);
        await Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        var (output, _) = await Driver.AssertPromiseAsync(await Driver.ReadAsync(batch), Lines);
        Assert.All(output, line => Assert.Contains("committed", line.GetRawText(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_was_frozen_behind_its_claim_sends_nothing_when_it_wakes_past_its_lease()
    {
        var batch = await ValidatedAsync();
        var frozen = _steps.HoldAt(ProtocolStep.ChunkClaimed);
        var first = RunAsync(batch, 0);
        await frozen.ReachedAsync();
        await LapsedAsync(batch);
        await RunAsync(batch, 0);
        var calls = Upstream.Calls.Count;
        frozen.Release();
        await first;

        Assert.Equal(calls, Upstream.Calls.Count);
    }

    [Fact]
    public async Task An_advance_that_summed_before_others_did_takes_no_count_back()
    {
        var batch = await ValidatedAsync();
        var early = _steps.HoldAt(ProtocolStep.ChunksSummed);
        var first = Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        await early.ReachedAsync();

        await RunAsync(batch, 0);
        await Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        Assert.Equal(100, (await Driver.ReadAsync(batch)).Counts.Completed);
        early.Release();
        await first;

        Assert.Equal(100, (await Driver.ReadAsync(batch)).Counts.Completed);
    }

    [Fact]
    public async Task A_claimed_chunk_that_storage_inserts_when_its_batch_has_been_cleared_away_takes_no_result_along()
    {
        var batch = await Driver.CreateAsync(3);
        var begun = _steps.HoldAt(ProtocolStep.InProgressWritten);
        var validation = Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await begun.ReachedAsync();
        var inserted = await ReadAsync(batch, 0);
        Assert.NotNull(inserted.Owner);
        begun.Release();
        await validation;
        var ended = await Driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Completed, ended.Status);

        // The request of a validator that gave it up is carried out now; then its message comes again.
        Assert.NotNull(await Driver.Chunks.TryInsertAsync(inserted, CancellationToken.None));
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await Driver.AssertPromiseAsync(ended, 3);
    }

    [Fact]
    public async Task Chunks_that_a_second_validation_inserts_again_keep_what_was_done()
    {
        var batch = await ValidatedAsync();
        var fresh = await Driver.Chunks.ListAsync(batch.Id, CancellationToken.None).ToListAsync();
        await RunAsync(batch, 0);
        var done = await ReadAsync(batch, 0);

        await Driver.Chunks.InsertAsync(fresh, CancellationToken.None);

        Assert.Equal(done.ETag, (await ReadAsync(batch, 0)).ETag);
    }

    [Fact]
    public async Task A_batch_that_has_ended_is_not_written_any_more()
    {
        var batch = await ValidatedAsync();
        await Driver.Get<BatchFinish>().GiveUpAsync(batch.Key, BatchFailures.NotClosed, CancellationToken.None);
        var ended = await Driver.ReadAsync(batch);

        foreach (var status in Enum.GetValues<BatchStatus>())
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => Driver.Batches.MutateAsync(
                batch.Key, current => current.WithStatus(status), CancellationToken.None));
        }

        Assert.Equal(ended.ETag, (await Driver.ReadAsync(batch)).ETag);
    }

    [Theory]
    [InlineData(nameof(ProtocolStep.FinalizingWritten))]
    [InlineData(nameof(ProtocolStep.OutputFileWritten))]
    [InlineData(nameof(ProtocolStep.ErrorFileWritten))]
    [InlineData(nameof(ProtocolStep.BatchEndWritten))]
    [InlineData(nameof(ProtocolStep.ChunkRowsDeleted))]
    public async Task A_finisher_that_is_frozen_and_wakes_changes_nothing_any_more(string step)
    {
        Upstream.Answer(call => call.Marker == "m3" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call));
        var batch = await ValidatedAsync();
        await RunAsync(batch, 0);

        // The last chunk's run finishes the batch too.
        var frozen = _steps.HoldAt(Enum.Parse<ProtocolStep>(step));
        var first = RunAsync(batch, 1);
        await frozen.ReachedAsync();
        await Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        var ended = await Driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Completed, ended.Status);
        await Driver.AssertPromiseAsync(ended, Lines);

        // The owner deletes the output meanwhile: a late finisher must not bring it back, nor make a file of its own.
        var files = Driver.Get<FileStore>();
        await files.MutateAsync(
            BatchDriver.Tenant, ended.OutputFileId!, file => file with { Deleted = true }, CancellationToken.None);
        await Driver.Get<FileBlobs>().TryDeleteAsync(ResultBlobs.FileOf(batch.Id, ResultFile.Output), CancellationToken.None);
        frozen.Release();
        await first;

        var made = await files.ListAsync(
            BatchDriver.Tenant, new FileListing(null, 10, false, FilePurposes.BatchOutput), CancellationToken.None);
        Assert.Equal([ended.ErrorFileId!], made.Files.Select(file => file.Id));
        var after = await Driver.ReadAsync(batch);
        Assert.Equal(ended with { ETag = after.ETag, Errors = after.Errors }, after);
        Assert.Empty(after.Errors);
    }

    /// <summary>A batch of two chunks, of 100 lines and of 20.</summary>
    private Task LapsedAsync(Batch batch) => Eventually.UntilAsync(
        async () => !(await ReadAsync(batch, 0)).IsHeld(DateTimeOffset.UtcNow), TimeSpan.FromSeconds(30), "the lease has run out");

    private async Task<Batch> ValidatedAsync()
    {
        var batch = await Driver.CreateAsync(Lines);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        return await Driver.ReadAsync(batch);
    }

    private Task RunAsync(Batch batch, int chunk) => Driver.Get<ChunkWork>().RunAsync(batch.Key, chunk, CancellationToken.None);

    private async Task<Chunk> ReadAsync(Batch batch, int chunk) =>
        (await Driver.Chunks.FindAsync(batch.Id, chunk, CancellationToken.None))!;
}
