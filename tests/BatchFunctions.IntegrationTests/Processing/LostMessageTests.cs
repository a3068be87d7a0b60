using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Metering;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Receivers;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Webhooks;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>
/// Worse than a crash: whoever reaches a step is broken off, and the message is lost with it. What the rows say is all
/// that is left, and the sweep must find it.
/// </summary>
public sealed class LostMessageTests
{
    private const int Lines = 120;

    private static readonly ProtocolStep[] WhenCancelled =
    [
        ProtocolStep.CancelWritten, ProtocolStep.CloseClaimed, ProtocolStep.CloseSegmentStored, ProtocolStep.CloseWritten,
    ];

    private static readonly ProtocolStep[] WhenHandedOver = [ProtocolStep.HandOverWritten, ProtocolStep.HandOverSent];

    private static readonly ProtocolStep[] WhenDelivered =
    [
        ProtocolStep.DeliveryEntered, ProtocolStep.DeliveryWritten, ProtocolStep.DeliverySent, ProtocolStep.DeliveryAnswered,
        ProtocolStep.WebhookNoted, ProtocolStep.AttemptWritten, ProtocolStep.NextAttemptSent,
    ];

    /// <summary>Steps that not every run comes by, or after which there is nothing left that a message could be needed for.</summary>
    private static readonly ProtocolStep[] Elsewhere =
    [
        ProtocolStep.ActiveRowWritten, ProtocolStep.ValidationFailedWritten, ProtocolStep.NextChunkSent,
        ProtocolStep.ResultsPublished, ProtocolStep.ChunksEndedByForce, ProtocolStep.LeftoversDiscarded,

        // Those of retries: RetryTests.
        ProtocolStep.RetryNamed, ProtocolStep.RetryInputStaged, ProtocolStep.RetryInputCommitted, ProtocolStep.RetryInputWritten,
        ProtocolStep.SegmentPageStored, ProtocolStep.FileTombstoneWritten,

        // Those of deletions: BatchDeletionTests.
        ProtocolStep.BatchTombstoneWritten, ProtocolStep.DeletedBatchFilesGone, ProtocolStep.DeletedBatchBlobsGone,
        ProtocolStep.DeletedBatchRetryMoved, ProtocolStep.DeletedBatchUnlinked, ProtocolStep.DeletedBatchRowRemoved,

        // Those of projects that are erased: ProjectErasureTests.
        ProtocolStep.ProjectKeysRevoked, ProtocolStep.ProjectBatchEnded, ProtocolStep.ProjectBlobRemoved, ProtocolStep.ProjectRowRemoved,
        ProtocolStep.ProjectErased,

        // Those of batches at rest, and of those that wait for an upstream: DueTests, WaitingTests.
        ProtocolStep.LookMoved, ProtocolStep.WaitNoted, ProtocolStep.RestNoted, ProtocolStep.WokenNoted, ProtocolStep.WokenSent,

        // That of a sweep that takes long: LongSweepTests.
        ProtocolStep.SweepHeld,

        // Those of the list's index: BatchIndexTests.
        ProtocolStep.BatchesIndexed, ProtocolStep.IndexMarkMoved,
    ];

    [Fact]
    public Task A_message_that_is_lost_at_any_step_of_a_run_is_made_up_for() => AtEachAsync(
        Enum.GetValues<ProtocolStep>().Except([.. WhenCancelled, .. WhenHandedOver, .. WhenDelivered, .. Elsewhere]),
        step => RunAsync(step, CreateAsync, BatchStatus.Completed));

    [Fact]
    public Task A_message_that_is_lost_while_a_chunk_is_handed_over_is_made_up_for() => AtEachAsync(
        WhenHandedOver,
        step => RunAsync(
            step,
            CreateAsync,
            BatchStatus.Completed,
            new Dictionary<string, string?> { ["Batch:RunLimit"] = "00:00:01" }));

    [Fact]
    public Task A_message_that_is_lost_between_a_chunk_and_its_next_is_made_up_for() => AtEachAsync(
        [ProtocolStep.ChunkEndWritten, ProtocolStep.NextChunkSent],
        step => RunAsync(
            step,
            CreateAsync,
            BatchStatus.Completed,
            new Dictionary<string, string?> { ["Batch:ChunkLines"] = "20", ["Batch:ChunkWindow"] = "2" }));

    [Fact]
    public Task A_message_that_is_lost_between_a_page_of_a_files_list_and_its_row_is_made_up_for() => RunAsync(
        ProtocolStep.SegmentPageStored,
        CreateAsync,
        BatchStatus.Completed,
        new Dictionary<string, string?> { ["Batch:ChunkLines"] = "10", ["Batch:ChunkWindow"] = "2" },
        options => options.SegmentsOfPage = 2);

    [Fact]
    public Task A_message_that_is_lost_while_a_batch_is_cancelled_is_made_up_for() =>
        AtEachAsync(WhenCancelled, step => RunAsync(step, CancelAsync, BatchStatus.Cancelled));

    [Fact]
    public Task A_message_that_is_lost_after_a_wrong_input_was_found_is_made_up_for() => RunAsync(
        ProtocolStep.ValidationFailedWritten, driver => driver.CreateAsync("no JSON\n"), BatchStatus.Failed);

    /// <summary>The receiver takes an event at the second try alone, five seconds after the first.</summary>
    [Fact]
    public Task A_message_that_is_lost_while_an_event_is_sent_is_made_up_for() => AtEachAsync(WhenDelivered, async step =>
    {
        await using var receiver = await new ScriptedUpstream()
            .Answer(call => call.Sequence == 1 ? ScriptedAnswer.Error(500) : ScriptedAnswer.Json(new { }))
            .StartAsync();
        await RunAsync(
            step,
            async driver =>
            {
                await driver.Get<WebhookStore>().InsertAsync(
                    new Webhook
                    {
                        Tenant = BatchDriver.Tenant,
                        Id = IdKind.Webhook.New(DateTimeOffset.UtcNow),
                        Url = receiver.Address.ToString(),
                        Secret = ReceiverSecret.New(),
                        Events = EventTypes.All,
                    },
                    CancellationToken.None);
                return await driver.CreateAsync(Lines);
            },
            BatchStatus.Completed,
            new Dictionary<string, string?> { ["Batch:Webhooks:AllowedHosts"] = "127.0.0.1", ["Batch:Webhooks:Timeout"] = "00:00:01" },
            check: async (driver, ended) =>
            {
                Delivery? delivery = null;
                await Eventually.UntilAsync(
                    async () => (delivery = (await driver.Get<DeliveryStore>().ListAsync(BatchDriver.Tenant, new DeliveryListing(null, 2, null, null, null), default))
                        .Deliveries.SingleOrDefault()) is { IsOpen: false },
                    TimeSpan.FromMinutes(2),
                    "the event has arrived");
                Assert.Equal((DeliveryStatus.Delivered, ended.Id), (delivery!.Status, delivery.BatchId));
                Assert.All(receiver.Calls, call => Assert.Equal(
                    ("batch.completed", ended.Id, delivery.EventId),
                    (call.Json.GetProperty("type").GetString(), call.Json.GetProperty("data").GetProperty("id").GetString(), $"{call.Headers["webhook-id"]}")));
            });
    });

    /// <summary>As many at once as the one emulator bears.</summary>
    private static Task AtEachAsync(IEnumerable<ProtocolStep> steps, Func<ProtocolStep, Task> run) => Parallel.ForEachAsync(
        steps, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (step, _) => await run(step));

    /// <summary>Makes a batch, also where the making is broken off once its row stands.</summary>
    private static async Task<Batch> CreateAsync(BatchDriver driver)
    {
        try
        {
            return await driver.CreateAsync(Lines);
        }
        catch (SimulatedCrashException)
        {
            var page = await driver.Batches.ListAsync(BatchDriver.Tenant, null, 1, CancellationToken.None);
            return Assert.Single(page.Batches);
        }
    }

    /// <summary>Makes a batch and cancels it before any of its chunks was claimed.</summary>
    private static async Task<Batch> CancelAsync(BatchDriver driver)
    {
        var batch = await driver.CreateAsync(Lines);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await driver.ClearAsync();
        try
        {
            await driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None);
        }
        catch (SimulatedCrashException)
        {
            // The caller is told of a failure, and the batch is cancelled all the same.
        }

        return batch;
    }

    private static async Task RunAsync(
        ProtocolStep step,
        Func<BatchDriver, Task<Batch>> start,
        BatchStatus outcome,
        IReadOnlyDictionary<string, string?>? settings = null,
        Action<BatchOptions>? change = null,
        Func<BatchDriver, Batch, Task>? check = null)
    {
        var steps = new ScriptedSteps();
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => (call.Marker == "m3" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call)).After(TimeSpan.FromMilliseconds(100)))
            .StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            upstream.Address,
            new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>())
            {
                // So few that a chunk takes longer than from one checkpoint to the next, and than a short run.
                ["Batch:Upstream:Concurrency"] = "8",
                ["Batch:Lease"] = "00:00:03",
                ["Batch:SweepInterval"] = "00:00:01",
                ["Batch:WakeUpLost"] = "00:00:01",
                ["Batch:ProgressLost"] = "00:00:02",
            },
            services => services.AddSingleton<ProtocolSteps>(steps).Configure(change ?? (_ => { })));
        driver.LosesMessages = true;

        // No handler leaves its message here. On a busy machine a sweep may take seconds, and would find its message gone to
        // the next handler each time.
        driver.ComesBackAfter = TimeSpan.FromSeconds(30);
        steps.CrashAt(step);
        var batch = await start(driver);
        driver.StartPump();
        using var hourly = new CancellationTokenSource();
        var timer = FireAsync(driver, hourly.Token);
        var ended = await driver.WaitForEndAsync(batch);
        await (check?.Invoke(driver, ended) ?? Task.CompletedTask);
        var waiting = new Dictionary<string, int>();
        try
        {
            await Eventually.UntilAsync(
                async () =>
                {
                    foreach (var queue in QueueNames.All)
                    {
                        waiting[queue] = await driver.WaitingAsync(queue);
                    }

                    return waiting.Values.Sum() == 0;
                },
                TimeSpan.FromMinutes(3),
                "nothing waits");
        }
        catch (TimeoutException)
        {
            Assert.Fail($"After a loss at {step} there wait {string.Join(", ", waiting)}; faults: {string.Join(", ", driver.Faults)}");
        }

        await hourly.CancelAsync();
        await timer;
        Assert.True(steps.Reached.ContainsKey(step), $"{step} was not reached.");
        Assert.Equal(outcome, ended.Status);
        var day = DateOnly.FromDateTime(ended.EndedAt!.Value.UtcDateTime);
        Assert.Equal(UsageSum.Of(ended), Assert.Single(await driver.Get<UsageStore>().ListAsync(BatchDriver.Tenant, day, day, default).ToListAsync()).Sum);
        if (outcome != BatchStatus.Failed)
        {
            await driver.AssertPromiseAsync(ended, Lines);
        }
    }

    /// <summary>The hourly timer, for a test's hour of two seconds.</summary>
    private static async Task FireAsync(BatchDriver driver, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(2), ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await driver.Jobs.SweepTimerAsync(CancellationToken.None);
        }
    }
}
