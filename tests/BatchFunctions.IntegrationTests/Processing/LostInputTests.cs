using System.Text;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using BatchFunctions.Batches;
using BatchFunctions.Processing;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Inputs that go, or are refused, after they have been validated: what was answered is kept, and nothing loops.</summary>
public class LostInputTests : IAsyncDisposable
{
    private readonly RecordedLogs _logs = new();
    private readonly Refusals _refusals = new();
    private readonly ScriptedUpstream _upstream = new();
    private BatchDriver? _driver;

    private BatchDriver Driver => _driver!;

    private IEnumerable<string> Complaints =>
        _logs.Records.Where(record => record.Level >= LogLevel.Warning).Select(record => record.Text);

    public async ValueTask DisposeAsync()
    {
        if (_driver is not null)
        {
            await _driver.DisposeAsync();
        }

        await _upstream.DisposeAsync();
        _logs.Dispose();
    }

    /// <summary>An account of the storage that all this is run against.</summary>
    protected virtual string NewAccount() => TestStorage.NewStrictAccount();

    [Fact]
    public async Task An_input_that_goes_in_mid_batch_fails_it_with_what_was_answered()
    {
        var batch = await HalfDoneAsync(2000);
        await BlobOf(batch).DeleteAsync();

        var failed = await Driver.RunToEndAsync(batch);

        Assert.Equal((BatchStatus.Failed, "input_lost"), (failed.Status, Assert.Single(failed.Errors).Code));
        Assert.NotNull(failed.FailedAt);
        Assert.Equal(new RequestCounts(2000, 100, 0), failed.Counts);
        Assert.Equal(100, (await Driver.ReadResultsAsync(failed.OutputFileId)).Count);
        Assert.Null(failed.ErrorFileId);
        Assert.Empty(Driver.Faults);
        Assert.Single(Complaints);

        // Once each, but for copies that a busy machine makes the sweep send.
        Assert.InRange(Driver.Handled[BatchMessageKind.Chunk], 19, 60);
    }

    [Fact]
    public async Task An_input_that_is_cut_short_fails_its_batch_and_the_lines_that_were_there_are_answered()
    {
        var batch = await HalfDoneAsync(250);
        var second = await Driver.Chunks.FindAsync(batch.Id, 1, CancellationToken.None);
        var whole = (await BlobOf(batch).DownloadContentAsync()).Value.Content.ToArray();
        var cut = Encoding.UTF8.GetBytes(string.Join('\n', Encoding.UTF8.GetString(whole).Split('\n').Take(110)) + "\n");
        Assert.InRange(cut.Length, second!.Offset + 1, second.Offset + second.Length);
        await BlobOf(batch).UploadAsync(new BinaryData(cut), overwrite: true);

        var failed = await Driver.RunToEndAsync(batch);

        Assert.Equal((BatchStatus.Failed, "input_lost"), (failed.Status, Assert.Single(failed.Errors).Code));
        Assert.Equal(new RequestCounts(250, 110, 0), failed.Counts);
        Assert.Equal(110, (await Driver.ReadResultsAsync(failed.OutputFileId)).Count);
        Assert.Empty(Driver.Faults);
    }

    [Fact]
    public async Task A_cancel_closes_chunks_whose_input_has_gone()
    {
        var batch = await HalfDoneAsync(250);
        await BlobOf(batch).DeleteAsync();
        await Driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None);

        var ended = await Driver.RunToEndAsync(batch);

        Assert.Equal((BatchStatus.Cancelled, 0), (ended.Status, ended.Errors.Count));
        Assert.Equal(new RequestCounts(250, 100, 0), ended.Counts);
        Assert.Equal(100, (await Driver.ReadResultsAsync(ended.OutputFileId)).Count);
        Assert.Null(ended.ErrorFileId);
        Assert.Empty(Driver.Faults);
        Assert.Single(Complaints);
    }

    [Fact]
    public async Task A_deadline_closes_chunks_whose_input_has_gone()
    {
        var batch = await HalfDoneAsync(250, new Dictionary<string, string?> { ["Batch:CompletionWindow"] = "00:00:10" });
        await BlobOf(batch).DeleteAsync();
        await Eventually.UntilAsync(
            () => Task.FromResult(batch.IsOverdue(DateTimeOffset.UtcNow)), TimeSpan.FromMinutes(1), "the deadline passes");
        await Driver.Jobs.SweepTimerAsync(CancellationToken.None);

        var failed = await Driver.RunToEndAsync(batch);

        Assert.Equal((BatchStatus.Failed, "input_lost"), (failed.Status, Assert.Single(failed.Errors).Code));
        Assert.Equal(new RequestCounts(250, 100, 0), failed.Counts);
        Assert.Empty(Driver.Faults);
    }

    [Fact]
    public async Task An_input_that_storage_refuses_is_waited_for_and_said_once_and_a_cancel_does_not_wait()
    {
        var batch = await HalfDoneAsync(250);
        _refusals.Refused = request => request.Method == RequestMethod.Get && request.Uri.Path.Contains("/files/", StringComparison.Ordinal);
        var now = DateTimeOffset.UtcNow;
        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 1, CancellationToken.None);
        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 2, CancellationToken.None);

        var waiting = await Driver.Chunks.FindAsync(batch.Id, 1, CancellationToken.None);
        Assert.Equal((false, null), (waiting!.Ended, waiting.Owner));
        Assert.InRange(waiting.NotBefore!.Value, now.AddSeconds(59), now.AddMinutes(5));
        Assert.Equal(BatchStatus.InProgress, (await Driver.ReadAsync(batch)).Status);
        Assert.Single(Complaints);

        await Driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None);
        var ended = await Driver.RunToEndAsync(batch);
        Assert.Equal((BatchStatus.Cancelled, 100), (ended.Status, ended.Counts.Completed));
        Assert.Empty(Driver.Faults);
        Assert.Single(Complaints);
    }

    [Fact]
    public async Task A_validation_whose_input_storage_refuses_fails_nothing()
    {
        await StartAsync();
        var batch = await Driver.CreateAsync(3);
        _refusals.Refused = request => request.Uri.Path.Contains("/files/", StringComparison.Ordinal);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        Assert.Equal(BatchStatus.Validating, (await Driver.ReadAsync(batch)).Status);

        _refusals.Refused = null;
        Assert.Equal(BatchStatus.Completed, (await Driver.RunToEndAsync(batch)).Status);
    }

    [Fact]
    public async Task What_may_pass_is_not_taken_for_a_loss()
    {
        var batch = await HalfDoneAsync(250);
        var watch = Driver.Get<InputWatch>();

        // The input is there after all.
        var once = new FileNotFoundException("The batch's input is gone from storage.");
        Assert.Equal(InputVerdict.Passing, await watch.JudgeAsync(batch, once, CancellationToken.None));
        foreach (var status in new[] { 0, 408, 429, 500, 503 })
        {
            Assert.Equal(
                InputVerdict.Passing,
                await watch.JudgeAsync(batch, new RequestFailedException(status, "Busy."), CancellationToken.None));
        }

        await BlobOf(batch).DeleteAsync();
        Assert.Equal(InputVerdict.Lost, await watch.JudgeAsync(batch, once, CancellationToken.None));
    }

    private BlobClient BlobOf(Batch batch) =>
        Driver.Storage.Blobs.GetBlobContainerClient(batch.InputBlob.Container).GetBlobClient(batch.InputBlob.Name);

    /// <summary>A batch whose first chunk of a hundred lines is done, and whose messages for the others are under way.</summary>
    private async Task<Batch> HalfDoneAsync(int lines, Dictionary<string, string?>? settings = null)
    {
        await StartAsync(settings);
        var batch = await Driver.CreateAsync(lines);
        await Driver.ClearAsync();
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        return await Driver.ReadAsync(batch);
    }

    private async Task StartAsync(Dictionary<string, string?>? settings = null)
    {
        await _upstream.StartAsync();
        _driver = await BatchDriver.StartAsync(NewAccount(), _upstream.Address, settings, services =>
        {
            services.AddSingleton<HttpPipelinePolicy>(_refusals);
            services.AddLogging(logging => logging.AddProvider(_logs));
        });
    }
}
