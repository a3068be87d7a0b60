using BatchFunctions.Batches;
using BatchFunctions.Lines;
using BatchFunctions.Storage;

namespace BatchFunctions.Tests.Batches;

/// <summary>A batch's verbs; where each status may lead is <see cref="BatchTransitionsTests"/>'s.</summary>
public sealed class BatchTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly BatchStatus[] Ended =
        [BatchStatus.Failed, BatchStatus.Completed, BatchStatus.Expired, BatchStatus.Cancelled];

    [Fact]
    public void It_begins_with_its_lines_known_and_none_of_them_done()
    {
        var begun = In(BatchStatus.Validating).SentAgain(Now.AddMinutes(-1)).Begin(120, "llama", 2, 2, Now);

        Assert.Equal((BatchStatus.InProgress, new RequestCounts(120, 0, 0)), (begun.Status, begun.Counts));
        Assert.Equal(("llama", 2, Now, Now, 0), (begun.Model, begun.ChunkCount, begun.InProgressAt, begun.ProgressAt, begun.Resends));
    }

    [Fact]
    public void It_ends_as_was_decided_and_at_that_time()
    {
        var end = new BatchEnd(
            BatchStatus.Expired, Now, "file-1", null, new RequestCounts(3, 1, 1), new TokenUsage(1, 2, 3, 4));

        var ended = In(BatchStatus.InProgress).Finalize(BatchStatus.Expired, Now.AddMinutes(-1)).End(end);

        Assert.Equal((BatchStatus.Expired, null, Now, null), (ended.Status, ended.CompletedAt, ended.ExpiredAt, ended.CancelledAt));
        Assert.Equal(("file-1", null, end.Counts, end.Usage), (ended.OutputFileId, ended.ErrorFileId, ended.Counts, ended.Usage));
        Assert.Equal(Now.AddMinutes(-1), ended.FinalizingAt);
    }

    [Theory]
    [InlineData(nameof(BatchStatus.InProgress))]
    [InlineData(nameof(BatchStatus.Cancelling))]
    [InlineData(nameof(BatchStatus.Finalizing))]
    public void It_may_fail_with_what_was_answered(string status)
    {
        var end = new BatchEnd(BatchStatus.Failed, Now, "file-1", null, new RequestCounts(3, 1, 0), default);

        var failing = In(Enum.Parse<BatchStatus>(status)).FinalizeFailed(BatchFailures.InputLost, Now.AddMinutes(-1));
        var failed = failing.End(end);

        Assert.Equal((BatchStatus.Finalizing, BatchStatus.Failed), (failing.Status, failing.Outcome));
        Assert.Equal((BatchStatus.Failed, Now, "file-1", end.Counts), (failed.Status, failed.FailedAt, failed.OutputFileId, failed.Counts));
        Assert.Equal([BatchFailures.InputLost], failed.Errors);
    }

    /// <summary>A manifest that stood before decides, and then there is nothing to complain of.</summary>
    [Fact]
    public void One_that_was_to_fail_and_ends_otherwise_has_no_errors()
    {
        var end = new BatchEnd(BatchStatus.Completed, Now, "file-1", null, new RequestCounts(3, 3, 0), default);
        Assert.Empty(In(BatchStatus.InProgress).FinalizeFailed(BatchFailures.NotClosed, Now).End(end).Errors);
    }

    [Fact]
    public void Progress_starts_the_count_of_messages_sent_in_vain_again()
    {
        var moved = In(BatchStatus.InProgress).SentAgain(Now).SentAgain(Now).Progress(5, 1, default, Now.AddMinutes(1));

        Assert.Equal((0, Now.AddMinutes(1), Now), (moved.Resends, moved.ProgressAt, moved.SentAgainAt));
    }

    [Theory]
    [InlineData(nameof(Batch.Begin))]
    [InlineData(nameof(Batch.Cancel))]
    [InlineData(nameof(Batch.Finalize))]
    [InlineData(nameof(Batch.FinalizeFailed))]
    [InlineData(nameof(Batch.End))]
    [InlineData(nameof(Batch.Fail))]
    public void What_has_ended_goes_nowhere_any_more(string verb) =>
        Assert.All(Ended, status => Assert.Throws<InvalidOperationException>(() => Do(verb, In(status))));

    /// <summary>A verb that left a batch where it is would set its time, or its counts, anew.</summary>
    [Theory]
    [InlineData(nameof(Batch.Begin), nameof(BatchStatus.InProgress))]
    [InlineData(nameof(Batch.Cancel), nameof(BatchStatus.Cancelling))]
    [InlineData(nameof(Batch.Finalize), nameof(BatchStatus.Finalizing))]
    public void What_has_been_done_is_not_done_again(string verb, string status) =>
        Assert.Throws<InvalidOperationException>(() => Do(verb, In(Enum.Parse<BatchStatus>(status))));

    [Fact]
    public void Nobody_sets_a_status_from_outside() =>
        Assert.True(typeof(Batch).GetProperty(nameof(Batch.Status))!.SetMethod!.IsPrivate);

    private static Batch Do(string verb, Batch batch) => verb switch
    {
        nameof(Batch.Begin) => batch.Begin(1, null, 1, 1, Now),
        nameof(Batch.Cancel) => batch.Cancel(Now),
        nameof(Batch.Finalize) => batch.Finalize(BatchStatus.Completed, Now),
        nameof(Batch.FinalizeFailed) => batch.FinalizeFailed(BatchFailures.NotClosed, Now),
        nameof(Batch.End) => batch.End(new BatchEnd(BatchStatus.Completed, Now, null, null, default, default)),
        _ => batch.Fail([], Now),
    };

    private static Batch In(BatchStatus status) => new(status)
    {
        Tenant = "local",
        Id = "batch_1",
        Endpoint = "/v1/chat/completions",
        InputFileId = "file-1",
        CompletionWindow = "24h",
        CreatedAt = Now.AddHours(-1),
        ExpiresAt = Now.AddHours(23),
        ChunkLines = 100,
        ChunkBytes = 1000,
        ChunkTarget = 128,
        InputBlob = new BlobLocation(ContainerNames.Files, "local/file-1"),
    };
}
