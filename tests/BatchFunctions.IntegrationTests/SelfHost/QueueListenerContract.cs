using System.Collections.Concurrent;
using BatchFunctions.SelfHost.Pump;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>What a queue's listener owes its handlers, be it the self-host's or the Functions host's.</summary>
public abstract class QueueListenerContract
{
    private protected abstract QueueListenerFactory Listener { get; }

    [Fact]
    public async Task A_message_whose_handler_returns_is_deleted()
    {
        await using var driver = await CreateAsync();
        await driver.SendAsync("one", "two", "three");

        await driver.StartAsync((_, _) => Task.CompletedTask);

        await driver.EmptyAsync();
        Assert.Equal(["one", "three", "two"], driver.Handled.Select(message => message.MessageText).Order());
        Assert.All(driver.Handled, message => Assert.Equal(1, message.DequeueCount));
    }

    [Fact]
    public async Task A_message_that_failed_comes_back_with_a_higher_count()
    {
        await using var driver = await CreateAsync();
        await driver.SendAsync("twice");

        await driver.StartAsync((message, _) => message.DequeueCount < 3
            ? throw new InvalidOperationException("The handler fails.")
            : Task.CompletedTask);

        await driver.EmptyAsync();
        Assert.Equal([1L, 2L, 3L], driver.Handled.Select(message => message.DequeueCount));
    }

    [Fact]
    public async Task A_message_that_failed_stays_away_for_the_visibility_timeout()
    {
        await using var driver = await CreateAsync(host: host => host with { VisibilityTimeout = TimeSpan.FromHours(1) });
        await driver.SendAsync("later");

        await driver.StartAsync((_, _) => throw new InvalidOperationException("The handler fails."));

        await Eventually.UntilAsync(() => driver.Calls.Count("PUT", "visibilitytimeout=3600") == 1, "the message is given back for an hour");
        Assert.Equal(1, await QueueDriver.LengthAsync(driver.Queue));
        Assert.Null((await driver.Queue.PeekMessageAsync()).Value);
    }

    [Fact]
    public async Task A_message_that_has_failed_too_often_goes_to_the_poison_queue_and_to_its_handler()
    {
        await using var driver = await CreateAsync(host: host => host with { MaxDequeueCount = 2 });
        await driver.SendAsync("bad");
        var poisoned = new ConcurrentQueue<string>();

        await driver.StartAsync((_, _) => throw new InvalidOperationException("The handler fails."));
        await driver.EmptyAsync();
        Assert.Equal(2, driver.Handled.Count);
        Assert.Equal(1, await QueueDriver.LengthAsync(driver.Poison));

        await driver.StartAsync(
            (message, _) =>
            {
                poisoned.Enqueue(message.MessageText);
                return Task.CompletedTask;
            },
            driver.Poison.Name);
        await Eventually.UntilAsync(async () => await QueueDriver.LengthAsync(driver.Poison) == 0, TimeSpan.FromSeconds(30), "the poison queue is empty");
        Assert.Equal(["bad"], poisoned);
    }

    [Fact]
    public async Task A_message_whose_tries_all_ended_with_their_process_is_not_tried_again()
    {
        await using var driver = await CreateAsync(host: host => host with { MaxDequeueCount = 2 });
        await driver.SendAsync("deadly");
        for (var tries = 0; tries < 2; tries++)
        {
            var taken = (await driver.Queue.ReceiveMessageAsync()).Value;
            await driver.Queue.UpdateMessageAsync(taken.MessageId, taken.PopReceipt, visibilityTimeout: TimeSpan.Zero);
        }

        await driver.StartAsync((_, _) => Task.CompletedTask);

        await driver.EmptyAsync();
        Assert.Empty(driver.Handled);
        Assert.Equal("deadly", (await driver.Poison.PeekMessageAsync()).Value.MessageText);
    }

    [Fact]
    public async Task A_queue_runs_its_batch_size_and_its_threshold_at_once_and_no_more()
    {
        await using var driver = await CreateAsync(host: host => host with { BatchSize = 2, NewBatchThreshold = 1 });
        await driver.SendAsync([.. Enumerable.Range(0, 9).Select(number => $"message {number}")]);
        using var gate = new SemaphoreSlim(0);
        var running = 0;
        var most = 0;
        var sync = new Lock();
        void Count(int change)
        {
            lock (sync)
            {
                running += change;
                most = Math.Max(most, running);
            }
        }

        await driver.StartAsync(async (_, ct) =>
        {
            Count(1);
            await gate.WaitAsync(ct);
            Count(-1);
        });

        await driver.HandledAsync(2);
        await AssertNoneIsFetchedAsync(driver);
        gate.Release();
        await driver.HandledAsync(4);
        await AssertNoneIsFetchedAsync(driver);
        gate.Release(8);
        await driver.EmptyAsync();
        Assert.Equal(9, driver.Handled.Count);
        Assert.Equal(3, most);
    }

    [Fact]
    public async Task A_handler_that_outlives_the_functions_time_limit_is_told_and_has_failed()
    {
        await using var driver = await CreateAsync(host: host => host with { FunctionTimeout = TimeSpan.FromMilliseconds(200) });
        await driver.SendAsync("slow");

        await driver.StartAsync((message, ct) => message.DequeueCount == 1 ? Task.Delay(Timeout.Infinite, ct) : Task.CompletedTask);

        await driver.EmptyAsync();
        Assert.Equal([1L, 2L], driver.Handled.Select(message => message.DequeueCount));
    }

    [Fact]
    public async Task A_stop_tells_the_handlers_and_waits_until_they_have_written_what_they_did()
    {
        await using var driver = await CreateAsync();
        await driver.SendAsync("work");
        var written = false;
        var listener = await driver.StartAsync(async (_, ct) =>
        {
            await Task.Delay(Timeout.Infinite, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await driver.Poison.CreateAsync(cancellationToken: CancellationToken.None);
            written = true;
        });
        await driver.HandledAsync(1);

        await listener.StopAsync(CancellationToken.None);

        Assert.True(written);
        Assert.Equal(0, await QueueDriver.LengthAsync(driver.Queue));
    }

    [Fact]
    public async Task A_queue_that_cannot_be_read_is_tried_again()
    {
        await using var driver = await CreateAsync();
        await driver.Queue.DeleteAsync();
        await driver.StartAsync((_, _) => Task.CompletedTask);
        await Eventually.UntilAsync(() => driver.Calls.Count("GET", $"/{driver.Name}") >= 2, "two looks at a queue that is not there");

        await driver.Queue.CreateAsync();
        await driver.SendAsync("at last");

        await driver.EmptyAsync();
        Assert.Single(driver.Handled);
    }

    [Fact]
    public async Task A_message_is_fetched_away_from_others_for_ten_minutes()
    {
        await using var driver = await CreateAsync();
        await driver.SendAsync("work");

        await driver.StartAsync((_, _) => Task.CompletedTask);

        await driver.EmptyAsync();
        Assert.NotEqual(0, driver.Calls.Count("GET", "visibilitytimeout=600"));
    }

    [Fact]
    public async Task What_fails_in_a_poison_queue_is_neither_given_back_nor_moved_on()
    {
        await using var driver = await CreateAsync("work-poison");
        await driver.SendAsync("hopeless");
        var listener = await driver.StartAsync((_, _) => throw new InvalidOperationException("The handler fails."));
        await driver.HandledAsync(1);

        // The stop waits until the failure is dealt with.
        await listener.StopAsync(CancellationToken.None);

        Assert.Equal(1, await QueueDriver.LengthAsync(driver.Queue));
        Assert.Null((await driver.Queue.PeekMessageAsync()).Value);
        Assert.Equal(0, driver.Calls.Count("PUT", "/messages"));
        Assert.False(await driver.Poison.ExistsAsync());
    }

    private protected Task<QueueDriver> CreateAsync(
        string name = "work", Func<HostJson, HostJson>? host = null, Func<PumpTimes, PumpTimes>? times = null) =>
        QueueDriver.CreateAsync(Listener, name, host, times);

    /// <summary>Gives the listener, which can fetch within one of these round trips, the time of many.</summary>
    private static async Task AssertNoneIsFetchedAsync(QueueDriver driver)
    {
        var before = driver.Handled.Count;
        for (var trip = 0; trip < 30; trip++)
        {
            Assert.NotNull((await driver.Queue.PeekMessageAsync()).Value);
        }

        Assert.Equal(before, driver.Handled.Count);
    }
}
