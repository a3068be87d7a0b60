using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>The self-host's pump: the contract, and what a lease shorter than the Functions host's ten minutes shows.</summary>
public sealed class QueuePumpTests : QueueListenerContract
{
    private protected override QueueListenerFactory Listener => QueueDriver.Pump;

    [Fact]
    public async Task A_message_is_kept_from_others_while_its_handler_runs_and_is_deleted_under_its_latest_receipt()
    {
        await using var driver = await CreateAsync(times: times => times with { Lease = TimeSpan.FromSeconds(2) });
        await driver.SendAsync("long");

        // Three renewals of a lease of two seconds: longer than the lease.
        await driver.StartAsync((_, _) => Eventually.UntilAsync(() => driver.Calls.Count("PUT", "popreceipt") >= 3, "three renewals"));
        await driver.StartAsync((_, _) => Task.CompletedTask);

        await driver.EmptyAsync();
        Assert.Single(driver.Handled);
    }

    [Fact]
    public async Task What_fails_in_a_poison_queue_comes_back_when_its_lease_ends()
    {
        await using var driver = await CreateAsync("work-poison", times: times => times with { Lease = TimeSpan.FromSeconds(2) });
        await driver.SendAsync("hopeless");

        await driver.StartAsync((_, _) => throw new InvalidOperationException("The handler fails."));

        await driver.HandledAsync(2);
        Assert.Equal([1L, 2L], driver.Handled.Take(2).Select(message => message.DequeueCount));
    }

    [Fact]
    public async Task A_stop_leaves_a_handler_that_does_not_heed_it()
    {
        await using var driver = await CreateAsync(times: times => times with { ShutdownLimit = TimeSpan.FromMilliseconds(200) });
        await driver.SendAsync("stubborn");
        var never = new TaskCompletionSource();
        var pump = await driver.StartAsync((_, _) => never.Task);
        await driver.HandledAsync(1);

        await pump.StopAsync(CancellationToken.None);

        Assert.False(never.Task.IsCompleted);
        Assert.Equal(1, await QueueDriver.LengthAsync(driver.Queue));
        never.SetResult();
    }

    [Fact]
    public async Task A_stop_leaves_handlers_that_do_not_heed_it_and_fill_the_pump()
    {
        await using var driver = await CreateAsync(
            host: host => host with { BatchSize = 1, NewBatchThreshold = 0 },
            times: times => times with { ShutdownLimit = TimeSpan.FromMilliseconds(200) });
        await driver.SendAsync("stubborn");
        var never = new TaskCompletionSource();
        var pump = await driver.StartAsync((_, _) => never.Task);
        await driver.HandledAsync(1);

        await pump.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1));

        Assert.False(never.Task.IsCompleted);
        never.SetResult();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_message_that_this_process_has_sent_is_fetched_when_it_is_due_and_not_at_the_next_poll(int delay)
    {
        var never = TimeSpan.FromDays(1);
        await using var driver = await CreateAsync(
            host: host => host with { MaxPollingInterval = never }, times: times => times with { FirstDelay = never });
        await driver.StartAsync((_, _) => Task.CompletedTask);
        await driver.LookedAsync(1);

        await driver.Queue.SendMessageAsync("due", visibilityTimeout: TimeSpan.FromSeconds(delay));

        // Rung until it is heard: the pump may not have begun to wait when it has looked.
        await Eventually.UntilAsync(
            () =>
            {
                driver.Bell.Ring(driver.Name, TimeSpan.FromSeconds(delay));
                return driver.Handled.Count == 1;
            },
            "the message is handled");
    }
}
