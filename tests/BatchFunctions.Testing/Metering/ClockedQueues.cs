using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.Testing.Metering;

/// <summary>
/// The messages of all queues, on a clock that is not the emulator's: stands in the queue client's pipeline and answers
/// what is asked of messages as the queue service does. What is asked of other services, and that a queue be made, goes
/// on to the emulator.
/// </summary>
/// <param name="time">By which messages become visible.</param>
public sealed class ClockedQueues(TimeProvider time) : HttpPipelinePolicy
{
    private const string Messages = "/messages";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Message>> _queues = [];
    private long _receipts;

    /// <summary>Messages that have not been deleted, in all queues.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _queues.Values.Sum(queue => queue.Count);
            }
        }
    }

    /// <inheritdoc/>
    public override ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        ArgumentNullException.ThrowIfNull(message);
        var uri = message.Request.Uri.ToUri();
        var isProperties = uri.Query.Contains("comp=metadata", StringComparison.Ordinal) && message.Request.Method == RequestMethod.Get;
        if (!uri.AbsolutePath.Contains(Messages, StringComparison.Ordinal) && !isProperties)
        {
            return ProcessNextAsync(message, pipeline);
        }

        lock (_lock)
        {
            message.Response = Answer(message.Request, uri);
            message.Response.ClientRequestId = message.Request.ClientRequestId;
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");

    private CannedResponse Answer(Request request, Uri uri)
    {
        var path = uri.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var queue = _queues.TryGetValue(path[1], out var found) ? found : _queues[path[1]] = [];
        var query = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        if (path.Length == 2)
        {
            return new CannedResponse(200).With("x-ms-approximate-messages-count", $"{queue.Count}");
        }

        if (request.Method == RequestMethod.Post)
        {
            return Send(queue, TextOf(request), SecondsIn(query, 0));
        }

        if (request.Method == RequestMethod.Get)
        {
            var most = query.TryGetValue("numofmessages", out var number) ? int.Parse(number, CultureInfo.InvariantCulture) : 1;
            return query.ContainsKey("peekonly") ? Peek(queue, most) : Receive(queue, most, SecondsIn(query, 30));
        }

        var id = path[3];
        if (queue.Find(message => message.Id == id && message.Receipt == query["popreceipt"]) is not { } held)
        {
            return new CannedResponse(404).With("x-ms-error-code", "MessageNotFound");
        }

        if (request.Method == RequestMethod.Delete)
        {
            queue.Remove(held);
            return new CannedResponse(204);
        }

        Hold(held, SecondsIn(query, 0));
        return new CannedResponse(204)
            .With("x-ms-popreceipt", held.Receipt)
            .With("x-ms-time-next-visible", held.VisibleAt.ToString("R", CultureInfo.InvariantCulture));
    }

    private CannedResponse Send(List<Message> queue, string text, TimeSpan delay)
    {
        var message = new Message(Guid.NewGuid().ToString(), text, time.GetUtcNow());
        Hold(message, delay);
        queue.Add(message);
        return new CannedResponse(201, Write([message], withText: false));
    }

    private CannedResponse Receive(List<Message> queue, int most, TimeSpan keptFor)
    {
        var now = time.GetUtcNow();
        List<Message> taken = [.. queue.Where(message => message.VisibleAt <= now).Take(most)];
        foreach (var message in taken)
        {
            message.Deliveries++;
            Hold(message, keptFor);
        }

        return new CannedResponse(200, Write(taken, withText: true));
    }

    private CannedResponse Peek(List<Message> queue, int most)
    {
        var now = time.GetUtcNow();
        return new CannedResponse(200, Write(queue.Where(message => message.VisibleAt <= now).Take(most), withText: true));
    }

    private void Hold(Message message, TimeSpan hidden)
    {
        message.VisibleAt = time.GetUtcNow() + hidden;
        message.Receipt = $"receipt{++_receipts}";
    }

    private static byte[] Write(IEnumerable<Message> messages, bool withText) => Encoding.UTF8.GetBytes(
        new XElement("QueueMessagesList", messages.Select(message => new XElement(
            "QueueMessage",
            new XElement("MessageId", message.Id),
            new XElement("InsertionTime", message.SentAt.ToString("R", CultureInfo.InvariantCulture)),
            new XElement("ExpirationTime", message.SentAt.AddYears(100).ToString("R", CultureInfo.InvariantCulture)),
            new XElement("PopReceipt", message.Receipt),
            new XElement("TimeNextVisible", message.VisibleAt.ToString("R", CultureInfo.InvariantCulture)),
            withText ? new XElement("DequeueCount", message.Deliveries) : null,
            withText ? new XElement("MessageText", message.Text) : null))).ToString());

    private static string TextOf(Request request)
    {
        using var content = new MemoryStream();
        request.Content!.WriteTo(content, CancellationToken.None);
        content.Position = 0;
        return XElement.Load(content).Element("MessageText")!.Value;
    }

    private static TimeSpan SecondsIn(Dictionary<string, string> query, int standard) => TimeSpan.FromSeconds(
        query.TryGetValue("visibilitytimeout", out var seconds) ? int.Parse(seconds, CultureInfo.InvariantCulture) : standard);

    private sealed class Message(string id, string text, DateTimeOffset sentAt)
    {
        public string Id => id;

        public string Text => text;

        public DateTimeOffset SentAt => sentAt;

        public DateTimeOffset VisibleAt { get; set; }

        public string Receipt { get; set; } = "";

        public int Deliveries { get; set; }
    }
}
