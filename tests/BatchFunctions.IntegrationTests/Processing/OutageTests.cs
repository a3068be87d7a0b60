using System.Globalization;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Queues.Models;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Blobs that fail while tables and queues are there: nothing is failed for it, and nothing that was answered is lost or bought again.</summary>
public sealed class OutageTests : IAsyncDisposable
{
    /// <summary>Tries of a message, as hosts have it.</summary>
    private const int MostTries = 5;

    private readonly FaultyStorage _storage = new();
    private readonly ScriptedUpstream _upstream = new();
    private BatchDriver? _driver;

    private BatchDriver Driver => _driver!;

    public async ValueTask DisposeAsync()
    {
        if (_driver is not null)
        {
            await _driver.DisposeAsync();
        }

        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task Five_minutes_without_blobs_fail_neither_a_batch_that_runs_nor_one_that_is_validated()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await StartAsync(time: time);
        var running = await ValidatedAsync(400);
        var validating = await Driver.CreateAsync(3);
        _storage.GoDown(AnyBlob);
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromMinutes(5); passed += TimeSpan.FromSeconds(10))
        {
            await Driver.ClearAsync(QueueNames.Steps);
            await Driver.ClearAsync(QueueNames.Chunk);
            await DeliverAsync(QueueNames.Chunk, BatchMessage.OfChunk(running.Key, 0));
            await DeliverAsync(QueueNames.Steps, BatchMessage.Of(BatchMessageKind.Validate, validating.Key));
            await Driver.Jobs.SweepTimerAsync(CancellationToken.None);
            time.Advance(TimeSpan.FromSeconds(10));
        }

        var chunk = await ChunkAsync(running);
        Assert.Equal((0, false, 0), (chunk.Strikes, chunk.Ended, (await Driver.ReadAsync(validating)).Strikes));
        Assert.InRange(chunk.NotBefore!.Value, time.GetUtcNow() - TimeSpan.FromSeconds(10), time.GetUtcNow() + TimeSpan.FromMinutes(1));

        // A claim a minute at the end, and not one for each message.
        Assert.InRange(chunk.Epoch, 4, 15);

        _storage.ComeUp();
        time.Advance(TimeSpan.FromMinutes(1));
        for (var number = 0; number < 4; number++)
        {
            await DeliverAsync(QueueNames.Chunk, BatchMessage.OfChunk(running.Key, number));
        }

        await DeliverAsync(QueueNames.Steps, BatchMessage.Of(BatchMessageKind.Validate, validating.Key));
        foreach (var (batch, lines) in new[] { (running, 400), (validating, 3) })
        {
            await Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
            var ended = await Driver.ReadAsync(batch);
            Assert.Equal((BatchStatus.Completed, lines), (ended.Status, ended.Counts.Completed));
            await Driver.AssertPromiseAsync(ended, lines);
        }
    }

    [Fact]
    public async Task The_sweep_sends_a_validation_again_that_was_let_go()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await StartAsync(time: time);
        var batch = await Driver.CreateAsync(3);
        await Driver.ClearAsync();
        _storage.GoDown(AnyBlob);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        Assert.Equal((BatchStatus.Validating, 0), ((await Driver.ReadAsync(batch)).Status, Driver.Sent.Of(BatchMessageKind.Validate)));

        time.Advance(TimeSpan.FromMinutes(1));
        await Driver.Jobs.SweepTimerAsync(CancellationToken.None);

        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Validate));
    }

    [Fact]
    public async Task A_validation_that_a_long_outage_has_kept_back_begins_soon_after_it()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await StartAsync(time: time);
        var batch = await Driver.CreateAsync(3);
        await Driver.ClearAsync();
        var handled = 0;
        _storage.GoDown(AnyBlob);
        await PassAsync(TimeSpan.FromMinutes(20));
        Assert.Equal(BatchStatus.Validating, (await Driver.ReadAsync(batch)).Status);
        Assert.InRange(handled, 20, 120);

        _storage.ComeUp();
        await PassAsync(TimeSpan.FromMinutes(1));
        Assert.NotEqual(BatchStatus.Validating, (await Driver.ReadAsync(batch)).Status);

        async Task PassAsync(TimeSpan length)
        {
            for (var passed = TimeSpan.Zero; passed < length; passed += TimeSpan.FromSeconds(10))
            {
                time.Advance(TimeSpan.FromSeconds(10));
                await Driver.Jobs.SweepTimerAsync(CancellationToken.None);
                for (; handled < Driver.Sent.Of(BatchMessageKind.Validate); handled++)
                {
                    await DeliverAsync(QueueNames.Steps, BatchMessage.Of(BatchMessageKind.Validate, batch.Key));
                }
            }
        }
    }

    [Fact]
    public async Task Sweeps_that_send_a_validation_again_at_once_have_the_next_wait_for_one_of_them()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await StartAsync(time: time);
        var batch = await Driver.CreateAsync(3);
        await Driver.ClearAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        _storage.Hold(request => request.Method == RequestMethod.Put && request.Uri.Path.Contains("batches(", StringComparison.Ordinal));
        var sweeps = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Driver.Jobs.SweepTimerAsync(CancellationToken.None)));
        await Eventually.UntilAsync(() => Driver.Sent.Of(BatchMessageKind.Validate) == 3 && _storage.IsHolding, "all have sent it");

        _storage.Release();
        await sweeps;

        Assert.Equal(1, (await Driver.ReadAsync(batch)).Resends);
    }

    /// <summary>A checkpoint that fails at once leaves no time in which the claim would be renewed beside it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_claim_is_kept_while_storing_fails_at_once(bool isSending)
    {
        if (isSending)
        {
            _upstream.Answer(call => call.Marker == "m7" ? ScriptedAnswer.Chat(call).After(TimeSpan.FromSeconds(9)) : ScriptedAnswer.Chat(call));
        }

        await StartAsync(new Dictionary<string, string?> { ["Batch:Lease"] = "00:00:02" });
        var batch = await ValidatedAsync(120);
        _storage.GoDown(AnyResult);
        var run = Driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await UntilRenewedAsync(batch, TimeSpan.FromSeconds(5));

        // A copy of its message finds it held.
        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        Assert.Equal((1, false), ((await ChunkAsync(batch)).Epoch, run.IsCompleted));

        _storage.ComeUp();
        await run;
        Assert.Equal((1, true), ((await ChunkAsync(batch)).Epoch, (await ChunkAsync(batch)).Ended));
        await Driver.AssertPromiseAsync(await Driver.RunToEndAsync(await Driver.ReadAsync(batch)), 120);
        Assert.All(_upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
    }

    [Fact]
    public async Task A_run_that_cannot_put_its_answers_away_ends_with_its_time_and_fails_no_message()
    {
        await StartAsync(
            new Dictionary<string, string?>
            {
                ["Batch:RunLimit"] = "00:00:10",
                ["Batch:Upstream:Timeout"] = "00:00:30",
                ["Batch:Lease"] = "00:00:30",
            },
            new FastTime(30));
        var batch = await ValidatedAsync(120);
        _storage.GoDown(AnyResult);

        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal((0, false), ((await ChunkAsync(batch)).Completed, (await ChunkAsync(batch)).Ended));
        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Chunk));
        _storage.ComeUp();
        var ended = await Driver.RunToEndAsync(batch);
        Assert.Equal((BatchStatus.Completed, 120), (ended.Status, ended.Counts.Completed));
        await Driver.AssertPromiseAsync(ended, 120);
    }

    [Fact]
    public async Task What_was_answered_before_a_cancel_is_committed_before_the_input_is_read_again_and_the_claim_is_kept_meanwhile()
    {
        _upstream.Answer(call => int.Parse(call.Marker[1..], CultureInfo.InvariantCulture) < 150
            ? ScriptedAnswer.Chat(call) : ScriptedAnswer.Chat(call).After(TimeSpan.FromMinutes(5)));
        await StartAsync(new Dictionary<string, string?> { ["Batch:Lease"] = "00:00:08", ["Batch:Checkpoint"] = "00:00:04", ["Batch:Upstream:Concurrency"] = "200" });
        var batch = await ValidatedAsync(400);

        // The second, for the first one's first checkpoint comes early: this one's has not come yet, unless the machine is slow.
        var run = Driver.Get<ChunkWork>().RunAsync(batch.Key, 1, CancellationToken.None);
        await Eventually.UntilAsync(() => _upstream.Calls.Count == 100, "all lines are sent");
        _storage.Hold(AnyInput);
        await Driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None);
        await Eventually.UntilAsync(() => _storage.IsHolding, "the input is read");

        Assert.Equal(50, (await ChunkAsync(batch, 1)).Completed);
        await UntilRenewedAsync(batch, TimeSpan.FromSeconds(2), number: 1);
        Assert.Equal((1, true), ((await ChunkAsync(batch, 1)).Epoch, (await ChunkAsync(batch, 1)).IsHeld(DateTimeOffset.UtcNow)));

        _storage.Release();
        await run;
        Assert.True((await ChunkAsync(batch, 1)).Ended);
        var ended = await Driver.RunToEndAsync(batch);
        Assert.Equal((BatchStatus.Cancelled, 50), (ended.Status, ended.Counts.Completed));
        await Driver.AssertPromiseAsync(ended, 400);
    }

    [Fact]
    public async Task Whoever_closes_a_chunk_keeps_it_however_long_its_input_takes()
    {
        await StartAsync(new Dictionary<string, string?> { ["Batch:Lease"] = "00:00:02" });
        var batch = await ValidatedAsync(400);
        await Driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None);
        await Driver.ClearAsync();
        _storage.Hold(AnyInput);
        var first = Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        await UntilRenewedAsync(batch, TimeSpan.FromSeconds(5));

        // Another finds nothing idle.
        await Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        Assert.All(await Driver.Chunks.ListAsync(batch.Id, CancellationToken.None).ToListAsync(), chunk => Assert.Equal((1, false), (chunk.Epoch, chunk.Ended)));

        _storage.Release();
        await first;
        var ended = await Driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Cancelled, ended.Status);
        await Driver.AssertPromiseAsync(ended, 400);
    }

    [Fact]
    public async Task A_release_whose_answers_were_all_lost_is_taken_back_or_left_and_breaks_nothing()
    {
        var (time, batch, claim) = await ClaimedAsync();
        using var segment = new ChunkSegment();
        segment.AddUnfinished(3);
        _storage.LoseAllAnswersOf(AnyChunk);
        await Assert.ThrowsAnyAsync<Exception>(() => claim.CommitAsync(segment, chunk => chunk.Release(time.GetUtcNow()), CancellationToken.None));
        _storage.ComeUp();

        Assert.True(await claim.CommitAsync(segment, claim.Renewed, CancellationToken.None));
        Assert.Equal((null, true), (claim.Chunk.Owner, claim.IsRenewalDue));
        Assert.True(await claim.TryRenewAsync(CancellationToken.None));
        var taken = await ChunkAsync(batch);
        Assert.Equal((true, null, 1, 1), (taken.IsHeld(time.GetUtcNow()), taken.NotBefore, taken.Epoch, taken.Done.Count));
    }

    [Fact]
    public async Task A_chunk_stays_ended_though_all_answers_to_its_end_were_lost()
    {
        var (time, batch, claim) = await ClaimedAsync();
        using var segment = new ChunkSegment();
        _storage.LoseAllAnswersOf(AnyChunk);
        await Assert.ThrowsAnyAsync<Exception>(() => claim.CommitAsync(segment, chunk => chunk.End(), CancellationToken.None));
        _storage.ComeUp();

        Assert.True(await claim.CommitAsync(segment, claim.Renewed, CancellationToken.None));
        Assert.True(claim.Chunk.Ended);
        Assert.True((await ChunkAsync(batch)).Ended);
    }

    /// <summary>A renewal that does not know of the segment would take it out of the row.</summary>
    [Fact]
    public async Task A_claim_whose_commit_is_in_doubt_is_not_renewed_without_it()
    {
        var (time, batch, claim) = await ClaimedAsync();
        using var segment = new ChunkSegment();
        segment.AddUnfinished(3);
        _storage.LoseAllAnswersOf(AnyChunk);
        await Assert.ThrowsAnyAsync<Exception>(() => claim.CommitAsync(segment, claim.Renewed, CancellationToken.None));
        _storage.ComeUp();
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.True(await claim.TryRenewAsync(CancellationToken.None));
        Assert.Equal(1, (await ChunkAsync(batch)).Done.Count);
    }

    /// <summary>What is stored is given back when the claim is: nobody may still be reading it.</summary>
    [Fact]
    public async Task What_goes_on_beside_a_renewal_that_is_refused_has_ended_when_the_claim_is_given_up()
    {
        var (time, _, claim) = await ClaimedAsync();
        _storage.Refuse(request => AnyChunk(request) ? 403 : null);
        var hasEnded = false;
        var renewing = claim.WhileRenewingAsync(
            async token =>
            {
                await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                hasEnded = true;
            },
            CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(10));

        await Assert.ThrowsAsync<RequestFailedException>(() => renewing);

        Assert.True(hasEnded);
    }

    private static bool AnyBlob(Request request) =>
        FaultyStorage.IsOf(request, ContainerNames.Files) || FaultyStorage.IsOf(request, ContainerNames.Batches);

    private static bool AnyResult(Request request) => request.Method == RequestMethod.Put && FaultyStorage.IsOf(request, ContainerNames.Batches);

    private static bool AnyInput(Request request) => request.Method == RequestMethod.Get && FaultyStorage.IsOf(request, ContainerNames.Files);

    /// <summary>Writes, and the readings back by which one whose answer was lost is found to have landed.</summary>
    private static bool AnyChunk(Request request) => request.Uri.Path.Contains("chunks(", StringComparison.Ordinal);

    private async Task<ChunkClaim> ClaimAsync(Batch batch, TimeProvider time)
    {
        var lease = TimeSpan.FromSeconds(15);
        var claimed = await Driver.Chunks.TryUpdateAsync((await ChunkAsync(batch)).Claim(time.GetUtcNow() + lease), CancellationToken.None);
        return new ChunkClaim(
            claimed!, new LinesLeft(claimed!), sending: null, Driver.Chunks, lease, time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
    }

    /// <summary>A claim of a batch's first chunk, on a clock of the test's own.</summary>
    private async Task<(FakeTimeProvider Time, Batch Batch, ChunkClaim Claim)> ClaimedAsync()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await StartAsync(time: time);
        var batch = await ValidatedAsync(120);
        return (time, batch, await ClaimAsync(batch, time));
    }

    private async Task UntilRenewedAsync(Batch batch, TimeSpan by, int number = 0)
    {
        DateTimeOffset? until = null;
        await Eventually.UntilAsync(
            async () =>
            {
                var now = (await ChunkAsync(batch, number)).LeaseUntil;
                until ??= now;
                return now > until + by;
            },
            TimeSpan.FromSeconds(60),
            "the lease is renewed");
    }

    /// <summary>Does with a message what hosts do: a few tries, then the poison queue.</summary>
    private async Task DeliverAsync(string queue, BatchMessage message)
    {
        for (var attempt = 1; attempt <= MostTries; attempt++)
        {
            try
            {
                await Driver.Handlers[queue](QueuesModelFactory.QueueMessage("1", "1", message.ToString(), attempt), CancellationToken.None);
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // It comes again.
            }
        }

        await Driver.Storage.Queues.GetQueueClient(queue + QueueNames.PoisonSuffix).SendMessageAsync(message.ToString());
    }

    private async Task<Batch> ValidatedAsync(int lines)
    {
        var batch = await Driver.CreateAsync(lines);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await Driver.ClearAsync();
        return batch;
    }

    private async Task<Chunk> ChunkAsync(Batch batch, int number = 0) => (await Driver.Chunks.FindAsync(batch.Id, number, CancellationToken.None))!;

    private async Task StartAsync(Dictionary<string, string?>? settings = null, TimeProvider? time = null)
    {
        await _upstream.StartAsync();
        _driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), _upstream.Address, settings, services =>
        {
            services.AddSingleton<HttpPipelinePolicy>(_storage);
            if (time is not null)
            {
                services.AddSingleton(time);
            }
        });
    }
}
