using System.Collections.Concurrent;
using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.Storage;

namespace BatchFunctions.Testing.Metering;

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

    /// <summary>What has been asked so far, by kind.</summary>
    public StorageUse Use => new(
        Of(StorageKind.BlobWrite),
        Of(StorageKind.BlobRead),
        Of(StorageKind.QueueMessage),
        Of(StorageKind.QueueLook),
        Of(StorageKind.Table));

    /// <summary>Told of each request when it has been answered, by its method, path and status.</summary>
    public Action<string>? Answered { get; set; }

    /// <summary>Requests that have been sent and not been answered.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

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
            Answered?.Invoke($"{message.Request.Method} {message.Request.Uri.PathAndQuery} {status}");
            Interlocked.Decrement(ref _inFlight);
        }
    }

    /// <inheritdoc/>
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");

    /// <summary>The emulator's paths begin with the account: <c>/account/queue/messages</c>, <c>/account/table(…)</c>.</summary>
    private static string NameOf(Request request) =>
        request.Uri.Path.Split('/', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1)?.Split('(')[0] ?? "";

    private int Of(StorageKind kind) => _kinds.GetValueOrDefault(kind);

    private static StorageKind KindOf(Request request)
    {
        var isRead = request.Method == RequestMethod.Get || request.Method == RequestMethod.Head;
        return request.Headers.Contains("DataServiceVersion") ? StorageKind.Table
            : QueueNames.All.Contains(NameOf(request)) ? isRead ? StorageKind.QueueLook : StorageKind.QueueMessage
            : isRead ? StorageKind.BlobRead : StorageKind.BlobWrite;
    }

    private enum StorageKind
    {
        BlobWrite,
        BlobRead,
        QueueMessage,
        QueueLook,
        Table,
    }
}

/// <summary>What was asked of storage, by what it is billed as.</summary>
/// <param name="BlobWrites">Blobs and blocks written, block lists committed.</param>
/// <param name="BlobReads">Blobs read.</param>
/// <param name="Messages">Messages sent, kept, given back and deleted.</param>
/// <param name="QueueLooks">Queues asked for messages, whether or not there were any, and for how many there are.</param>
/// <param name="Tables">Tables asked and written to.</param>
public readonly record struct StorageUse(int BlobWrites, int BlobReads, int Messages, int QueueLooks, int Tables)
{
    /// <summary>All of them.</summary>
    public int Total => BlobWrites + BlobReads + Messages + QueueLooks + Tables;

    /// <summary>What was asked between two readings.</summary>
    public static StorageUse operator -(StorageUse left, StorageUse right) => left.Subtract(right);

    /// <inheritdoc cref="op_Subtraction"/>
    public StorageUse Subtract(StorageUse before) => new(
        BlobWrites - before.BlobWrites,
        BlobReads - before.BlobReads,
        Messages - before.Messages,
        QueueLooks - before.QueueLooks,
        Tables - before.Tables);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Total} requests: {BlobWrites} blob writes, {BlobReads} blob reads, {Messages} messages sent or deleted, {QueueLooks} looks at queues, {Tables} to tables";
}
