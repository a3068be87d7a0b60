using Azure.Core;
using BatchFunctions.Testing;
using Microsoft.Extensions.Hosting;

namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>
/// Why the self-host has a pump of its own: where it keeps more than the contract, and the Functions host's listener does
/// not.
/// </summary>
public sealed class QueueListenerDifferencesTests
{
    private static readonly TimeSpan Never = TimeSpan.FromDays(1);

    [Fact]
    public async Task A_stop_leaves_the_pumps_stuck_handlers_and_waits_for_the_other_ones_without_a_limit()
    {
        Assert.True(await LeavesStuckHandlersAsync(QueueDriver.Pump));
        Assert.False(await LeavesStuckHandlersAsync(QueueDriver.WebJobs));
    }

    [Fact]
    public async Task A_message_that_comes_with_the_stop_is_given_back_untried_by_the_pump_and_kept_away_for_its_whole_lease_by_the_other()
    {
        Assert.Equal((0, 2L), await LateMessageAsync(QueueDriver.Pump));

        // Whether it hears of the stop before it hands the message out is chance, on a busy machine above all.
        var other = await LateMessageAsync(QueueDriver.WebJobs);
        for (var tries = 1; other.Handled > 0 && tries < 20; tries++)
        {
            other = await LateMessageAsync(QueueDriver.WebJobs);
        }

        Assert.Equal((0, null), other);
    }

    [Fact]
    public async Task A_message_that_this_process_has_sent_is_fetched_by_the_pump_at_once_and_by_the_other_at_its_next_poll()
    {
        // The pump polls tomorrow, so it has heard of the message.
        await using var pump = await QueueDriver.CreateAsync(QueueDriver.Pump, times: times => times with { FirstDelay = Never });
        await pump.StartAsync((_, _) => Task.CompletedTask);
        await pump.LookedAsync(1);
        await pump.SendAsync("sent here");
        await Eventually.UntilAsync(
            () =>
            {
                pump.Bell.Ring(pump.Name, TimeSpan.Zero);
                return !pump.Handled.IsEmpty;
            },
            "the pump has heard of the message");

        // The other one waits twice as long after each look in vain: over three seconds after the sixth.
        await using var other = await QueueDriver.CreateAsync(QueueDriver.WebJobs, host: host => host with { MaxPollingInterval = Never });
        await other.StartAsync((_, _) => Task.CompletedTask);
        await other.LookedAsync(6);
        await other.SendAsync("sent here");
        await RoundTripsAsync(other, 10);
        Assert.Empty(other.Handled);
        await other.HandledAsync(1);
    }

    private static async Task<bool> LeavesStuckHandlersAsync(QueueListenerFactory factory)
    {
        await using var driver = await QueueDriver.CreateAsync(
            factory, times: times => times with { ShutdownLimit = TimeSpan.FromMilliseconds(50) });
        await driver.SendAsync("stubborn");
        var told = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        var listener = await driver.StartAsync(async (_, ct) =>
        {
            using var telling = ct.Register(told.SetResult);
            await never.Task;
        });
        await driver.HandledAsync(1);

        var stopping = listener.StopAsync(CancellationToken.None);
        await told.Task.WaitAsync(TimeSpan.FromMinutes(1));
        var trips = RoundTripsAsync(driver, 200);
        var left = await Task.WhenAny(stopping, trips) == stopping;
        await trips;

        never.SetResult();
        await stopping.WaitAsync(TimeSpan.FromMinutes(1));
        return left;
    }

    /// <summary>How often the message was handled, and its next count; null when it is not there to be fetched.</summary>
    private static async Task<(int Handled, long? Count)> LateMessageAsync(QueueListenerFactory factory)
    {
        await using var driver = await QueueDriver.CreateAsync(factory);
        IHostedService? listener = null;
        var stopped = new TaskCompletionSource<Task>();
        driver.Calls.Answered = async message =>
        {
            if (message.Request.Method == RequestMethod.Get && message.Response.Content.ToString().Contains("<QueueMessage>", StringComparison.Ordinal))
            {
                driver.Calls.Answered = _ => Task.CompletedTask;
                stopped.SetResult(listener!.StopAsync(CancellationToken.None));
                await Task.Yield();
            }
        };
        listener = await driver.StartAsync((_, _) => Task.CompletedTask);
        await driver.SendAsync("late");

        await await stopped.Task;

        return (driver.Handled.Count, (await driver.Queue.ReceiveMessageAsync()).Value?.DequeueCount);
    }

    /// <summary>Gives a listener the time of many round trips.</summary>
    private static async Task RoundTripsAsync(QueueDriver driver, int count)
    {
        for (var trip = 0; trip < count; trip++)
        {
            await driver.Queue.PeekMessageAsync();
        }
    }
}
