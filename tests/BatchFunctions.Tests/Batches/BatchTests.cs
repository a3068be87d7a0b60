using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Storage;

namespace BatchFunctions.Tests.Batches;

public sealed class BatchTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly Dictionary<string, (BatchStatus To, Func<Batch, Batch> Move)> Verbs = new()
    {
        ["Begin"] = (BatchStatus.InProgress, batch => batch.Begin(3, 1, "m", Now)),
        ["Cancel"] = (BatchStatus.Cancelling, batch => batch.Cancel(Now)),
        ["Finalize"] = (BatchStatus.Finalizing, batch => batch.Finalize(BatchStatus.Expired, Now)),
        ["Fail"] = (BatchStatus.Failed, batch => batch.Fail([new BatchError("c", "m", null, null)], Now)),
        ["End completed"] = (BatchStatus.Completed, batch => End(batch, BatchStatus.Completed)),
        ["End expired"] = (BatchStatus.Expired, batch => End(batch, BatchStatus.Expired)),
        ["End cancelled"] = (BatchStatus.Cancelled, batch => End(batch, BatchStatus.Cancelled)),
    };

    public static IEnumerable<object[]> EveryVerbFromEveryStatus =>
        Verbs.Keys.SelectMany(verb => Enum.GetNames<BatchStatus>(), (verb, from) => new object[] { verb, from });

    [Theory]
    [MemberData(nameof(EveryVerbFromEveryStatus))]
    public void A_verb_leads_where_the_table_allows_and_throws_elsewhere(string verb, string from)
    {
        var (to, move) = Verbs[verb];
        var batch = BatchOf(Enum.Parse<BatchStatus>(from));
        if (BatchTransitions.Leads(batch.Status, to))
        {
            Assert.Equal(to, move(batch).Status);
        }
        else
        {
            var refusal = Assert.Throws<InvalidOperationException>(() => move(batch));
            Assert.Equal($"Batch {batch.Id} cannot go from '{batch.Status.Wire()}' to '{to.Wire()}'.", refusal.Message);
        }
    }

    [Fact]
    public void No_status_is_set_from_outside() =>
        Assert.True(typeof(Batch).GetProperty(nameof(Batch.Status))!.SetMethod!.IsPrivate);

    [Fact]
    public void A_batch_that_begins_has_its_lines_and_chunks_and_a_fresh_count_of_messages_sent_again()
    {
        var begun = (BatchOf(BatchStatus.Validating) with { Resends = 4 }).Begin(250, 3, "m", Now);
        Assert.Equal((Now, Now, 0), (begun.InProgressAt, begun.ProgressAt, begun.Resends));
        Assert.Equal((new RequestCounts(250, 0, 0), 3, "m"), (begun.Counts, begun.ChunkCount, begun.Model));
    }

    [Fact]
    public void Counts_that_move_are_progress()
    {
        var usage = new TokenUsage(1, 2, 3, 4);
        var batch = BatchOf(BatchStatus.InProgress) with { Counts = new RequestCounts(10, 1, 1), Resends = 2 };
        var moved = batch.Count(5, 2, usage, Now);
        Assert.Equal((new RequestCounts(10, 5, 2), usage), (moved.Counts, moved.Usage));
        Assert.Equal((Now, 0), (moved.ProgressAt, moved.Resends));
    }

    [Fact]
    public void Counts_that_stand_still_are_none()
    {
        var batch = BatchOf(BatchStatus.InProgress) with { Counts = new RequestCounts(10, 1, 1), Resends = 2 };
        Assert.Same(batch, batch.Count(1, 1, default, Now));
    }

    [Fact]
    public void A_cancelled_batch_knows_when_it_was_asked_to_end() =>
        Assert.Equal(Now, BatchOf(BatchStatus.InProgress).Cancel(Now).CancellingAt);

    [Fact]
    public void What_a_batch_ends_with_is_decided_when_it_is_finalized()
    {
        var batch = BatchOf(BatchStatus.InProgress).Finalize(BatchStatus.Expired, Now);
        Assert.Equal((BatchStatus.Expired, Now), (batch.Outcome, batch.FinalizingAt));
    }

    [Fact]
    public void A_failed_batch_says_why_and_when()
    {
        var error = new BatchError("code", "message", "body", 7);
        var failed = BatchOf(BatchStatus.Validating).Fail([error], Now);
        Assert.Equal((Now, error), (failed.FailedAt, Assert.Single(failed.Errors)));
    }

    [Theory]
    [InlineData(nameof(BatchStatus.Completed))]
    [InlineData(nameof(BatchStatus.Expired))]
    [InlineData(nameof(BatchStatus.Cancelled))]
    public void A_batch_ends_with_what_its_manifest_holds_and_one_time_alone(string outcome)
    {
        var status = Enum.Parse<BatchStatus>(outcome);
        var ended = End(BatchOf(BatchStatus.Finalizing), status);
        Assert.Equal(("file-output", "file-error"), (ended.OutputFileId, ended.ErrorFileId));
        Assert.Equal((new RequestCounts(3, 2, 1), new TokenUsage(1, 2, 3, 4)), (ended.Counts, ended.Usage));
        Assert.Equal(status == BatchStatus.Completed ? Now : null, ended.CompletedAt);
        Assert.Equal(status == BatchStatus.Expired ? Now : null, ended.ExpiredAt);
        Assert.Equal(status == BatchStatus.Cancelled ? Now : null, ended.CancelledAt);
        Assert.Null(ended.FailedAt);
    }

    [Theory]
    [InlineData(nameof(BatchStatus.InProgress), -1, true)]
    [InlineData(nameof(BatchStatus.InProgress), 0, false)]
    [InlineData(nameof(BatchStatus.Validating), -1, false)]
    [InlineData(nameof(BatchStatus.Cancelling), -1, false)]
    public void Lines_are_sent_while_a_batch_is_in_progress_and_before_its_deadline(string status, int seconds, bool runs)
    {
        var batch = BatchOf(Enum.Parse<BatchStatus>(status));
        Assert.Equal(runs, batch.Runs(batch.ExpiresAt.AddSeconds(seconds)));
    }

    private static Batch End(Batch batch, BatchStatus outcome) => batch.End(
        outcome, "file-output", "file-error", new RequestCounts(3, 2, 1), new TokenUsage(1, 2, 3, 4), Now);

    private static Batch BatchOf(BatchStatus status)
    {
        var id = IdKind.Batch.New(Now);
        return new Batch(status)
        {
            Tenant = "local",
            Id = id,
            Endpoint = "/v1/embeddings",
            InputFileId = IdKind.File.New(Now),
            InputBlob = new BlobLocation("files", "local/file"),
            CompletionWindow = "24h",
            CreatedAt = IdKind.Batch.CreatedAt(id),
            ExpiresAt = Now.AddDays(1),
            ChunkLines = 100,
            ChunkBytes = 1000,
            ChunkTarget = 128,
        };
    }
}
