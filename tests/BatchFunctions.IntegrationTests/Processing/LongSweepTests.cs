using Azure.Core;
using Azure.Data.Tables;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Sweeps that take long: nobody starts another beside one, none takes for ever, and whoever dies over one is found.</summary>
public sealed class LongSweepTests : SweptTest
{
    /// <summary>After which time a sweep holds the row, and how long that counts.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(11.25), Lapse = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Whoever_asks_while_a_sweep_takes_long_starts_none_beside_it_and_is_heard_when_it_is_done()
    {
        await Driver.CreateAsync(250);
        var (message, beside) = (await TicketAsync(), 0);
        WhileItLooks(async () =>
        {
            await TakeLongAsync();
            var sent = Driver.Sent.Of(BatchMessageKind.Sweep);
            for (var other = 0; other < 5; other++)
            {
                await Driver.CreateAsync(3);
                Time.Advance(TimeSpan.FromSeconds(5));
            }

            beside = Driver.Sent.Of(BatchMessageKind.Sweep) - sent;
        });

        await SweepAsync(message);

        // A minute after the first of them has asked.
        Assert.Equal((0, 2), (beside, Driver.Sent.Of(BatchMessageKind.Sweep)));
        Assert.Equal(TimeSpan.FromSeconds(35), Driver.Sent.Delays[BatchMessageKind.Sweep]);
        Assert.Null(await HolderAsync());
        Assert.NotNull(await Driver.TicketAsync());
    }

    [Fact]
    public async Task Who_wants_one_at_once_has_it_at_once_when_the_one_under_way_is_done()
    {
        await Driver.CreateAsync(250);
        var message = await TicketAsync();
        WhileItLooks(async () =>
        {
            await TakeLongAsync();
            await Driver.Get<BatchQueues>().AskSweepNowAsync(CancellationToken.None);
        });

        await SweepAsync(message);

        Assert.Equal(2, Driver.Sent.Of(BatchMessageKind.Sweep));
        Assert.InRange(Driver.Sent.Delays[BatchMessageKind.Sweep], TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task One_that_was_asked_for_before_the_one_under_way_took_long_does_not_start_beside_it()
    {
        await Driver.CreateAsync(250);
        var message = await TicketAsync();
        string? asked = null;
        WhileItLooks(async () =>
        {
            await Driver.CreateAsync(3);
            asked = await TicketAsync();
            await TakeLongAsync();
            await SweepAsync(asked);
        });

        await SweepAsync(message);

        Assert.Equal(1, Steps.Reached[ProtocolStep.SweepTakenUp]);
        Assert.Equal(3, Driver.Sent.Of(BatchMessageKind.Sweep));
        Assert.NotEqual(asked, await Driver.TicketAsync());
    }

    [Fact]
    public async Task Of_two_that_are_under_way_the_second_leaves_the_rest_to_the_first()
    {
        await ThreeForgottenAsync();
        var message = await TicketAsync();
        WhileItLooks(async () =>
        {
            Assert.True(await Driver.Get<BatchQueues>().TryHoldSweepAsync("other", CancellationToken.None));
            var reads = Reads();
            Time.Advance(Hold);
            await Eventually.UntilAsync(() => Reads() > reads, "it has looked who holds the row");
        });

        await SweepAsync(message);

        Assert.False(Steps.Reached.ContainsKey(ProtocolStep.SweepHeld));
        Assert.Equal(3, Driver.Sent.Of(BatchMessageKind.Chunk));

        // The other takes the row back, and what was asked for is a copy.
        var copy = await TicketAsync();
        Assert.True(await Driver.Get<BatchQueues>().TryHoldSweepAsync("other", CancellationToken.None));
        await SweepAsync(copy);
        Assert.Equal("other", await HolderAsync());
    }

    [Fact]
    public async Task What_a_sweep_has_no_time_for_the_next_goes_on_with()
    {
        await ThreeForgottenAsync();
        WhileItLooks(() =>
        {
            Time.Advance(TimeSpan.FromMinutes(2));
            return Task.CompletedTask;
        });

        await SweepAsync(await TicketAsync());
        Assert.Equal(3, Driver.Sent.Of(BatchMessageKind.Chunk));
        Assert.Equal(TimeSpan.FromSeconds(1), Driver.Sent.Delays[BatchMessageKind.Sweep]);

        var next = Driver.Sent.Last[BatchMessageKind.Sweep];
        Assert.NotNull(next.After);
        await Driver.Get<BatchSweep>().TakeUpAsync(next, CancellationToken.None);
        Assert.Equal(9, Driver.Sent.Of(BatchMessageKind.Chunk));
        Assert.Null(Driver.Sent.Last[BatchMessageKind.Sweep].After);
    }

    [Fact]
    public async Task Whoever_dies_over_a_long_sweep_is_followed_by_whoever_asks_when_its_hold_has_lapsed()
    {
        await Driver.CreateAsync(3);
        await DieAsync();
        Time.Advance(Lapse);
        await Driver.CreateAsync(3);
        Assert.Equal(0, Driver.Sent.Of(BatchMessageKind.Sweep));

        Time.Advance(TimeSpan.FromSeconds(1));
        await Driver.CreateAsync(3);

        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Sweep));
        Assert.Null(await HolderAsync());
    }

    [Fact]
    public async Task The_message_of_a_sweep_whose_process_has_died_takes_it_up_again_and_not_before()
    {
        await Driver.CreateAsync(3);
        var message = await TicketAsync();
        await DieAsync();
        await SweepAsync(message);
        Assert.False(Steps.Reached.ContainsKey(ProtocolStep.SweepTakenUp));

        Time.Advance(Lapse + TimeSpan.FromSeconds(1));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => SweepAsync(message)));

        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Sweep));
    }

    [Fact]
    public async Task A_process_that_starts_has_the_chain_go_on_that_one_has_died_over()
    {
        await Driver.CreateAsync(3);
        await DieAsync();

        await Driver.Jobs.SweepTimerAsync(CancellationToken.None);

        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Sweep));
        await SweepAsync(await TicketAsync());
        Assert.Equal(1, Steps.Reached[ProtocolStep.SweepTakenUp]);
    }

    [Fact]
    public async Task A_long_sweep_that_is_shut_down_leaves_no_hold_that_its_message_would_find()
    {
        await Driver.CreateAsync(250);
        var message = await TicketAsync();
        using var stopping = new CancellationTokenSource();
        WhileItLooks(async () =>
        {
            await TakeLongAsync();
            await stopping.CancelAsync();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Driver.Get<BatchSweep>().TakeUpAsync(new BatchMessage { Kind = BatchMessageKind.Sweep, Ticket = message }, stopping.Token));

        Assert.Null(await Driver.TicketAsync());
        await SweepAsync(message);
        Assert.Equal(2, Steps.Reached[ProtocolStep.SweepTakenUp]);
    }

    [Fact]
    public async Task A_hold_is_renewed_for_as_long_as_the_sweep_takes()
    {
        await Driver.CreateAsync(250);
        var message = await TicketAsync();
        WhileItLooks(async () =>
        {
            for (var time = 0; time < 20; time++)
            {
                await TakeLongAsync();
            }

            await Driver.Get<BatchQueues>().AskSweepIfLostAsync(CancellationToken.None);
        });

        await SweepAsync(message);

        Assert.Equal((20, 2), (Steps.Reached[ProtocolStep.SweepHeld], Driver.Sent.Of(BatchMessageKind.Sweep)));
    }

    /// <summary>Three batches of three chunks each, whose messages are lost, and were to come long ago.</summary>
    private async Task ThreeForgottenAsync()
    {
        for (var number = 0; number < 3; number++)
        {
            var batch = await Driver.CreateAsync(250);
            await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Time.Advance(TimeSpan.FromMinutes(11));
        await Driver.ClearAsync();
        await Driver.Get<BatchQueues>().AskSweepAsync(TimeSpan.Zero, CancellationToken.None);
    }

    /// <summary>Does something while the next sweep looks at its first batch.</summary>
    private void WhileItLooks(Func<Task> act) => Forestalled.Before(
        request => request.Method == RequestMethod.Get && request.Uri.Path.Contains($"/{TableNames.Batches}(", StringComparison.Ordinal), act);

    /// <summary>Has the sweep under way take so long that it holds the row, or holds it on.</summary>
    private async Task TakeLongAsync()
    {
        var held = Steps.Reached.GetValueOrDefault(ProtocolStep.SweepHeld);
        Time.Advance(Hold);
        await Eventually.UntilAsync(() => Steps.Reached.GetValueOrDefault(ProtocolStep.SweepHeld) > held, "the row is held");
    }

    /// <summary>Takes the sweep up, and dies over it when it has taken long.</summary>
    private async Task DieAsync()
    {
        Assert.True(await Driver.Get<BatchQueues>().TryTakeSweepAsync(await Driver.TicketAsync(), CancellationToken.None));
        Assert.True(await Driver.Get<BatchQueues>().TryHoldSweepAsync("dead", CancellationToken.None));
        await Driver.ClearAsync();
    }

    private int Reads() => Counts.Requests.GetValueOrDefault($"GET {TableNames.Pending} 200");

    private async Task<string?> TicketAsync()
    {
        var ticket = await Driver.TicketAsync();
        Assert.NotNull(ticket);
        return ticket;
    }

    private async Task<string?> HolderAsync()
    {
        var row = await Driver.Storage.Tables.GetTableClient(TableNames.Pending).GetEntityIfExistsAsync<TableEntity>("sweep", "sweep");
        return row.HasValue ? row.Value!.GetString("Holder") : null;
    }

    private Task SweepAsync(string? ticket) =>
        Driver.Get<BatchSweep>().TakeUpAsync(new BatchMessage { Kind = BatchMessageKind.Sweep, Ticket = ticket }, CancellationToken.None);
}
