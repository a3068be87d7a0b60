using System.Collections.Concurrent;
using Azure.Core;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using BatchFunctions.SelfHost.Pump;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging.Abstractions;

namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>A queue of its own on Azurite, and the pump that serves it. A lease is two seconds here.</summary>
internal sealed class PumpDriver : IAsyncDisposable
{
    private readonly QueueServiceClient _service;
    private readonly List<QueuePump> _pumps = [];

    private PumpDriver(string name)
    {
        var options = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None };
        options.AddPolicy(Calls, HttpPipelinePosition.PerRetry);
        var account = TestStorage.NewAccount();
        _service = new QueueServiceClient(account, options);
        Name = name;

        // The test's own looks at the queue are not written down.
        var unwatched = new QueueServiceClient(account, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });
        Queue = unwatched.GetQueueClient(name);
        Poison = unwatched.GetQueueClient(name + QueueNames.PoisonSuffix);
    }

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

    public PumpTimes Times { get; private set; } = new() { Lease = TimeSpan.FromSeconds(2), FirstDelay = TimeSpan.FromMilliseconds(20) };

    /// <summary>What the handlers were given, in order.</summary>
    public ConcurrentQueue<QueueMessage> Handled { get; } = [];

    public static async Task<PumpDriver> CreateAsync(
        string name = "work", Func<HostJson, HostJson>? host = null, Func<PumpTimes, PumpTimes>? times = null)
    {
        var driver = new PumpDriver(name);
        driver.Host = host?.Invoke(driver.Host) ?? driver.Host;
        driver.Times = times?.Invoke(driver.Times) ?? driver.Times;
        await driver.Queue.CreateAsync();
        return driver;
    }

    public async Task<PumpDriver> SendAsync(params string[] texts)
    {
        foreach (var text in texts)
        {
            await Queue.SendMessageAsync(text);
        }

        return this;
    }

    /// <summary>Starts a pump with a handler.</summary>
    public async Task<QueuePump> StartAsync(Func<QueueMessage, CancellationToken, Task> handle, string? queue = null)
    {
        var pump = new QueuePump(
            _service,
            queue ?? Name,
            async (message, ct) =>
            {
                Handled.Enqueue(message);
                await handle(message, ct);
            },
            Host,
            Times,
            Bell,
            TimeProvider.System,
            NullLogger<QueuePump>.Instance);
        _pumps.Add(pump);
        await pump.StartAsync(CancellationToken.None);
        return pump;
    }

    public static async Task<int> LengthAsync(QueueClient queue) =>
        (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount;

    public Task EmptyAsync() => Eventually.UntilAsync(
        async () => await LengthAsync(Queue) == 0, TimeSpan.FromSeconds(30), "the queue is empty");

    public Task HandledAsync(int count) => Eventually.UntilAsync(
        () => Handled.Count >= count, $"{count} messages have been handled");

    public async ValueTask DisposeAsync()
    {
        foreach (var pump in _pumps)
        {
            await pump.StopAsync(CancellationToken.None);
            pump.Dispose();
        }
    }
}
