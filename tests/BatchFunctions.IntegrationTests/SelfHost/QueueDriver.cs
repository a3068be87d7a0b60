using System.Collections.Concurrent;
using Azure.Core;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using BatchFunctions.SelfHost.Pump;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>Makes what is tested: a listener that hands a queue's messages to a handler.</summary>
internal delegate IHostedService QueueListenerFactory(QueueDriver driver, string queue, Func<QueueMessage, CancellationToken, Task> handle);

/// <summary>A queue of its own on Azurite, and the listeners that serve it.</summary>
internal sealed class QueueDriver : IAsyncDisposable
{
    private readonly QueueListenerFactory _listen;
    private readonly List<IHostedService> _listeners = [];

    private QueueDriver(QueueListenerFactory listen, string name)
    {
        _listen = listen;
        Connection = TestStorage.NewAccount();
        Name = name;

        // The test's own looks at the queue are not written down.
        var service = new QueueServiceClient(Connection, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });
        Queue = service.GetQueueClient(name);
        Poison = service.GetQueueClient(name + QueueNames.PoisonSuffix);
    }

    /// <summary>The self-host's pump.</summary>
    public static QueueListenerFactory Pump { get; } = (driver, queue, handle) =>
    {
        var options = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None };
        options.AddPolicy(driver.Calls, HttpPipelinePosition.PerRetry);
        return new QueuePump(
            new QueueServiceClient(driver.Connection, options),
            queue,
            handle,
            driver.Host,
            driver.Times,
            driver.Bell,
            TimeProvider.System,
            NullLogger<QueuePump>.Instance);
    };

    /// <summary>The Functions host's listener.</summary>
    public static QueueListenerFactory WebJobs { get; } = (driver, queue, handle) =>
        new WebJobsListener(driver.Connection, queue, handle, driver.Host, driver.Calls);

    public string Connection { get; }

    public string Name { get; }

    public QueueClient Queue { get; }

    public QueueClient Poison { get; }

    public QueueCalls Calls { get; } = new();

    public QueueBell Bell { get; } = new(TimeProvider.System);

    public HostJson Host { get; private set; } = new()
    {
        BatchSize = 8,
        NewBatchThreshold = 8,
        MaxDequeueCount = 5,
        MaxPollingInterval = TimeSpan.FromMilliseconds(100),
        VisibilityTimeout = TimeSpan.Zero,
        FunctionTimeout = TimeSpan.FromMinutes(10),
    };

    /// <summary>Of the pump alone.</summary>
    public PumpTimes Times { get; private set; } = new() { FirstDelay = TimeSpan.FromMilliseconds(20) };

    /// <summary>What the handlers were given, in order.</summary>
    public ConcurrentQueue<QueueMessage> Handled { get; } = [];

    public static async Task<QueueDriver> CreateAsync(
        QueueListenerFactory listen, string name = "work", Func<HostJson, HostJson>? host = null, Func<PumpTimes, PumpTimes>? times = null)
    {
        var driver = new QueueDriver(listen, name);
        driver.Host = host?.Invoke(driver.Host) ?? driver.Host;
        driver.Times = times?.Invoke(driver.Times) ?? driver.Times;
        await driver.Queue.CreateAsync();
        return driver;
    }

    public async Task<QueueDriver> SendAsync(params string[] texts)
    {
        foreach (var text in texts)
        {
            await Queue.SendMessageAsync(text);
        }

        return this;
    }

    /// <summary>Starts a listener with a handler.</summary>
    public async Task<IHostedService> StartAsync(Func<QueueMessage, CancellationToken, Task> handle, string? queue = null)
    {
        var listener = _listen(this, queue ?? Name, async (message, ct) =>
        {
            Handled.Enqueue(message);
            await handle(message, ct);
        });
        await listener.StartAsync(CancellationToken.None);
        _listeners.Add(listener);
        return listener;
    }

    public static async Task<int> LengthAsync(QueueClient queue) =>
        (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount;

    public Task EmptyAsync() => Eventually.UntilAsync(
        async () => await LengthAsync(Queue) == 0, TimeSpan.FromSeconds(30), "the queue is empty");

    /// <summary>Waits until the listener has looked at the queue that often.</summary>
    public Task LookedAsync(int count) => Eventually.UntilAsync(
        () => Calls.Count("GET", "/messages") >= count, $"the listener has looked {count} times");

    public Task HandledAsync(int count) => Eventually.UntilAsync(
        () => Handled.Count >= count, $"{count} messages have been handled");

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners)
        {
            await listener.StopAsync(CancellationToken.None);
            ((IDisposable)listener).Dispose();
        }
    }
}
