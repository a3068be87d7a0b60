using BatchFunctions.Testing;
using BatchFunctions.Testing.Metering;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Bench.Sides;

/// <summary>
/// Stands before the three services of an account (<see cref="StorageFront"/>) and counts what they are asked, each try for itself, whoever
/// asks: it needs no meter within the service.
/// </summary>
internal sealed class CountedStorage : IAsyncDisposable
{
    /// <summary>Of messages within ten seconds: sweeps have some of their own.</summary>
    private const int Few = 10;

    private static readonly TimeSpan Span = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Lock _lock = new();
    private StorageFront _front = null!;
    private StorageUse _use;

    private CountedStorage()
    {
    }

    /// <summary>The connection string by way of this.</summary>
    public string Connection { get; private set; } = "";

    /// <summary>What has been asked so far.</summary>
    public StorageUse Use
    {
        get
        {
            lock (_lock)
            {
                return _use;
            }
        }
    }

    /// <summary>Begins to stand before an account.</summary>
    /// <param name="connection">The account's connection string, which names each service's address.</param>
    public static async Task<CountedStorage> StartAsync(string connection)
    {
        var counted = new CountedStorage();
        counted._front = await StorageFront.StartAsync(connection, counted.HandleAsync);
        counted.Connection = counted._front.ConnectionString(connection);
        return counted;
    }

    /// <summary>What is asked while something runs.</summary>
    public async Task<StorageUse> WhileAsync(Func<Task> run)
    {
        var before = Use;
        await run();
        return Use - before;
    }

    /// <summary>Waits until few messages are sent and deleted any more: what ended batches leave to do is done then.</summary>
    /// <exception cref="TimeoutException">There is no such time.</exception>
    public Task UntilQuietAsync(CancellationToken ct) => Eventually.UntilAsync(
        async () => (await WhileAsync(() => Task.Delay(Span, ct))).Messages <= Few, Patience, "few messages are sent and deleted");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _front.DisposeAsync();

    private async Task HandleAsync(StorageFront front, HttpContext context, string service, byte[] body)
    {
        Count(service, context.Request.Method);
        using var answer = await front.PassOnAsync(context.Request, service, body);
        await StorageFront.AnswerAsync(context.Response, answer);
    }

    private void Count(string service, string method)
    {
        var isRead = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        lock (_lock)
        {
            _use = (service, isRead) switch
            {
                (StorageFront.Tables, _) => _use with { Tables = _use.Tables + 1 },
                (StorageFront.Queues, true) => _use with { QueueLooks = _use.QueueLooks + 1 },
                (StorageFront.Queues, false) => _use with { Messages = _use.Messages + 1 },
                (_, true) => _use with { BlobReads = _use.BlobReads + 1 },
                _ => _use with { BlobWrites = _use.BlobWrites + 1 },
            };
        }
    }
}
