using System.Collections.Concurrent;
using Azure.Core.Pipeline;
using BatchFunctions.StrictStorage.Blobs;
using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.StrictStorage.Http;
using BatchFunctions.StrictStorage.Queues;
using BatchFunctions.StrictStorage.Tables;

namespace BatchFunctions.StrictStorage;

/// <summary>
/// A storage account in memory that keeps to the letter of the REST documentation: it answers the requests that the product
/// makes, with Azure's limits and error codes, and refuses every other with a 501 that names it. Clients reach it by its
/// <see cref="Transport"/>, whatever their connection string; nothing listens at the addresses of <see cref="ConnectionString"/>.
/// Those of other processes reach it by a <see cref="StorageServer"/>.
/// </summary>
public sealed class StorageAccount
{
    private static readonly ConcurrentDictionary<string, StorageAccount> Published = new(StringComparer.Ordinal);
    private static int LastNumber;

    private readonly Dictionary<int, IStorageService> _services;
    private readonly Lock _lock = new();

    /// <summary>Creates an empty account.</summary>
    /// <param name="time">Storage's clock, which need not be the workers'.</param>
    /// <param name="chance">What the documentation leaves to chance; null where nothing happens by chance.</param>
    public StorageAccount(TimeProvider time, StorageChance? chance = null)
    {
        Time = time;
        Chance = chance ?? StorageChance.None;
        Name = $"strict{Interlocked.Increment(ref LastNumber):D4}";
        var clock = new StorageClock(time);
        Blobs = new BlobService(clock);
        Queues = new QueueService(clock, Chance);
        Tables = new TableService(clock, Chance);
        _services = new Dictionary<int, IStorageService>
        {
            [StorageRequest.BlobPort] = Blobs,
            [StorageRequest.QueuePort] = Queues,
            [StorageRequest.TablePort] = Tables,
        };
        Transport = new StorageTransport(this);
    }

    /// <summary>The account's name, which no other account of the process has.</summary>
    public string Name { get; }

    /// <summary>
    /// What clients are made of. The addresses are the emulator's in form, so that the paths of requests are; a client that was not
    /// given the transport is refused a connection.
    /// </summary>
    public string ConnectionString => ConnectionStringAt(service => service);

    /// <summary>The same with a signature in it, so that clients need not sign each request, which nobody checks here.</summary>
    public string SignedConnectionString => $"{EndpointsAt(service => service)}SharedAccessSignature={StorageRequest.Signature}=none";

    /// <summary>What carries the requests of all three clients to the account.</summary>
    public HttpPipelineTransport Transport { get; }

    internal TimeProvider Time { get; }

    internal StorageChance Chance { get; }

    internal BlobService Blobs { get; }

    internal QueueService Queues { get; }

    internal TableService Tables { get; }

    /// <summary>The published account of this process with the connection string; null if it is another storage's.</summary>
    /// <param name="connectionString">A connection string.</param>
    public static StorageAccount? Find(string connectionString) => Published.GetValueOrDefault(connectionString);

    /// <summary>
    /// Lets <see cref="Find"/> find it by its connection string, which can then be handed on in its place. It is kept as long as the
    /// process, or until it is withdrawn.
    /// </summary>
    /// <returns>The connection string.</returns>
    public string Publish()
    {
        Published[ConnectionString] = this;
        return ConnectionString;
    }

    /// <summary>Messages of all queues that have neither been deleted nor expired, hidden ones included.</summary>
    public int CountMessages()
    {
        lock (_lock)
        {
            return Queues.Count;
        }
    }

    /// <summary>Lets a published account go, with all that is in it.</summary>
    /// <param name="connectionString">Its connection string.</param>
    public static void Withdraw(string connectionString) => Published.TryRemove(connectionString, out _);

    /// <summary>The same with the ports at which its services are.</summary>
    internal string ConnectionStringAt(Func<int, int> portOf) =>
        $"AccountName={Name};AccountKey={Convert.ToBase64String(new byte[32])};{EndpointsAt(portOf)}";

    private string EndpointsAt(Func<int, int> portOf) =>
        $"BlobEndpoint=http://127.0.0.1:{portOf(StorageRequest.BlobPort)}/{Name};"
        + $"QueueEndpoint=http://127.0.0.1:{portOf(StorageRequest.QueuePort)}/{Name};"
        + $"TableEndpoint=http://127.0.0.1:{portOf(StorageRequest.TablePort)}/{Name};";

    /// <summary>Carries a request out, all of it at once.</summary>
    internal StorageResponse Answer(StorageRequest request)
    {
        try
        {
            var service = request.Account == Name && _services.TryGetValue(request.Port, out var found)
                ? found
                : throw StorageException.ResourceNotFound($"The account {Name} was asked for {request}.");
            lock (_lock)
            {
                return service.Answer(request);
            }
        }
        catch (StorageException e)
        {
            return ErrorBodies.ResponseOf(request, e, Time.GetUtcNow());
        }
    }
}
