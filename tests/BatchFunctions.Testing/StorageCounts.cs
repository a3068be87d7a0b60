using System.Collections.Concurrent;
using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.Testing;

/// <summary>
/// Counts what is asked of storage, each try for itself, as storage bills it: add it to the clients' pipelines. A
/// group of table rows that stand or fall together is one request.
/// </summary>
public sealed class StorageCounts : HttpPipelinePolicy
{
    private readonly ConcurrentDictionary<string, int> _requests = new();
    private readonly ConcurrentDictionary<StorageKind, int> _kinds = new();
    private int _inFlight;

    /// <summary>Requests by method, table, queue or container, and status; for instance <c>PUT chunks 204</c>.</summary>
    public IReadOnlyDictionary<string, int> Requests => _requests;

    /// <summary>All requests.</summary>
    public int Total => _kinds.Values.Sum();

    /// <summary>Requests that have been sent and not been answered.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Requests of one kind.</summary>
    public int this[StorageKind kind] => _kinds.GetValueOrDefault(kind);

    /// <summary>Begins to count anew.</summary>
    public void Clear()
    {
        _requests.Clear();
        _kinds.Clear();
    }

    /// <inheritdoc/>
    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        ArgumentNullException.ThrowIfNull(message);
        Interlocked.Increment(ref _inFlight);
        try
        {
            await ProcessNextAsync(message, pipeline);
        }
        finally
        {
            var status = message.HasResponse ? $"{message.Response.Status}" : "lost";
            _requests.AddOrUpdate(
                $"{message.Request.Method} {NameOf(message.Request)} {status}", 1, (_, count) => count + 1);
            _kinds.AddOrUpdate(KindOf(message.Request), 1, (_, count) => count + 1);
            Interlocked.Decrement(ref _inFlight);
        }
    }

    /// <inheritdoc/>
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");

    /// <summary>The emulator's paths begin with the account: <c>/account/queue/messages</c>, <c>/account/table(…)</c>.</summary>
    private static string NameOf(Request request) =>
        request.Uri.Path.Split('/', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1)?.Split('(')[0] ?? "";

    private static StorageKind KindOf(Request request)
    {
        var isRead = request.Method == RequestMethod.Get || request.Method == RequestMethod.Head;
        return request.Headers.Contains("DataServiceVersion") ? StorageKind.Table
            : !request.Uri.Path.Contains("/messages", StringComparison.Ordinal)
                ? isRead ? StorageKind.BlobRead : StorageKind.BlobWrite
            : isRead ? StorageKind.QueueFetch : StorageKind.QueueMessage;
    }
}

/// <summary>What a request to storage is billed as.</summary>
public enum StorageKind
{
    /// <summary>A blob or block written, or a block list committed.</summary>
    BlobWrite,

    /// <summary>A blob read.</summary>
    BlobRead,

    /// <summary>A message sent, kept, given back or deleted.</summary>
    QueueMessage,

    /// <summary>A queue asked for messages, whether or not there were any.</summary>
    QueueFetch,

    /// <summary>A table asked or written to.</summary>
    Table,
}
