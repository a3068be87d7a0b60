using System.Globalization;
using System.Text.RegularExpressions;
using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Queues;

/// <summary>The queue service (https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api).</summary>
internal sealed partial class QueueService(StorageClock clock, StorageChance chance) : IStorageService
{
    private const string Messages = "messages";
    private const string MetadataPrefix = "x-ms-meta-";
    private const string Xml = "application/xml";
    private const string DelayParameter = "visibilitytimeout";
    private const string LifeParameter = "messagettl";
    private const string CountParameter = "numofmessages";
    private const string PeekParameter = "peekonly";
    private const string ReceiptParameter = "popreceipt";
    private const int LongestDelay = 7 * 24 * 60 * 60;
    private const int UsualLife = 7 * 24 * 60 * 60;
    private const int UsualDelay = 30;
    private const int MostMessages = 32;
    private const int Forever = -1;

    private readonly Dictionary<string, MessageQueue> _queues = new(StringComparer.Ordinal);
    private readonly BeingDeleted _deleted = new(clock, TimeSpan.FromSeconds(30));

    /// <summary>Messages of all queues that have neither been deleted nor expired, hidden ones included.</summary>
    public int Count => _queues.Values.Sum(static queue => queue.Count);

    /// <summary>The messages of a queue; null if there is no such queue.</summary>
    public MessageQueue? QueueOf(string name) => _queues.GetValueOrDefault(name);

    /// <summary>Makes a queue that is not there yet, as a request for it would.</summary>
    public void Make(string name)
    {
        CheckName(name);
        _queues.Add(name, new MessageQueue(clock, chance, new Dictionary<string, string>(StringComparer.Ordinal)));
    }

    public StorageResponse Answer(StorageRequest request)
    {
        var path = request.Path.Split('/');
        CheckName(path[0]);
        var response = path switch
        {
            [var name] => AnswerQueue(request, name),
            [var name, Messages] => AnswerMessages(request, Find(name)),
            [var name, Messages, var id] => AnswerMessage(request, Find(name), id),
            _ => throw StorageException.NotBuilt($"{request}"),
        };
        return response.Complete(request, clock.Now);
    }

    private StorageResponse AnswerQueue(StorageRequest request, string name)
    {
        request.AllowOnly();
        switch (request.Method, request.Comp)
        {
            case ("PUT", null):
                return Create(name, request.HeadersWith(MetadataPrefix));
            case ("GET" or "HEAD", "metadata"):
                var queue = Find(name);
                var response = new StorageResponse(200).With(
                    "x-ms-approximate-messages-count", chance.ApproximateCount(queue.Count).ToString(CultureInfo.InvariantCulture));
                return queue.Metadata.Aggregate(response, (answer, pair) => answer.With(MetadataPrefix + pair.Key, pair.Value));
            case ("DELETE", null):
                Find(name);
                _queues.Remove(name);
                _deleted.Add(name);
                return new StorageResponse(204);
            default:
                throw StorageException.NotBuilt($"{request}");
        }
    }

    private static StorageResponse AnswerMessages(StorageRequest request, MessageQueue queue)
    {
        switch (request.Method)
        {
            case "POST":
                return Put(request, queue);
            case "GET" when request.Query(PeekParameter) == "true":
                request.AllowOnly(PeekParameter, CountParameter);
                return new StorageResponse(200).WithBody(Xml, MessageXml.WritePeeked(queue.Peek(CountOf(request))));
            case "GET":
                request.AllowOnly(DelayParameter, CountParameter);
                var hidden = request.Number(DelayParameter, 1, LongestDelay) ?? UsualDelay;
                return new StorageResponse(200).WithBody(
                    Xml, MessageXml.WriteTaken(queue.Take(CountOf(request), TimeSpan.FromSeconds(hidden))));
            case "DELETE":
                request.AllowOnly();
                queue.Clear();
                return new StorageResponse(204);
            default:
                throw StorageException.NotBuilt($"{request}");
        }
    }

    private StorageResponse AnswerMessage(StorageRequest request, MessageQueue queue, string id)
    {
        request.AllowOnly(ReceiptParameter, DelayParameter);
        var receipt = request.Query(ReceiptParameter)
            ?? throw new StorageException(400, "MissingRequiredQueryParameter", $"{ReceiptParameter} is required.");
        var message = queue.Find(Guid.TryParse(id, out var guid) ? guid : throw InvalidParameter("The message's id is invalid."), receipt);
        switch (request.Method)
        {
            case "DELETE":
                queue.Remove(message);
                return new StorageResponse(204);
            case "PUT":
                Update(request, message);
                return new StorageResponse(204)
                    .With("x-ms-popreceipt", message.Receipt)
                    .With("x-ms-time-next-visible", message.VisibleAt);
            default:
                throw StorageException.NotBuilt($"{request}");
        }
    }

    /// <summary>Hides the message for another time, from now on, and gives it another text if there is one.</summary>
    private void Update(StorageRequest request, Message message)
    {
        var delay = request.Number(DelayParameter, 0, LongestDelay)
            ?? throw new StorageException(400, "MissingRequiredQueryParameter", $"{DelayParameter} is required.");
        var until = clock.Now.AddSeconds(delay);
        if (until > message.ExpiresAt)
        {
            throw InvalidParameter($"{DelayParameter} is beyond the message's life.");
        }

        if (request.Body.Length > 0)
        {
            message.Text = MessageXml.Read(request.Body);
        }

        message.Hide(until);
    }

    private static StorageResponse Put(StorageRequest request, MessageQueue queue)
    {
        request.AllowOnly(DelayParameter, LifeParameter);
        var delay = request.Number(DelayParameter, 0, LongestDelay) ?? 0;
        var life = request.Number(LifeParameter, Forever, int.MaxValue) ?? UsualLife;
        if (life == 0 || (life != Forever && delay >= life))
        {
            throw InvalidParameter($"{LifeParameter} is {life} and {DelayParameter} {delay}.");
        }

        var text = MessageXml.Read(request.Body);
        var message = queue.Put(text, TimeSpan.FromSeconds(delay), life == Forever ? null : TimeSpan.FromSeconds(life));
        return new StorageResponse(201).WithBody(Xml, MessageXml.WritePut(message));
    }

    private StorageResponse Create(string name, Dictionary<string, string> metadata)
    {
        if (_deleted.Contains(name))
        {
            throw new StorageException(409, "QueueBeingDeleted", "The specified queue is being deleted.");
        }

        if (_queues.TryAdd(name, new MessageQueue(clock, chance, metadata)))
        {
            return new StorageResponse(201);
        }

        var standing = _queues[name].Metadata;
        return standing.Count == metadata.Count && metadata.All(pair => standing.GetValueOrDefault(pair.Key) == pair.Value)
            ? new StorageResponse(204)
            : throw new StorageException(409, "QueueAlreadyExists", "The specified queue already exists, with other metadata.");
    }

    private MessageQueue Find(string name) => _queues.GetValueOrDefault(name)
        ?? throw new StorageException(404, "QueueNotFound", "The specified queue does not exist.");

    private static int CountOf(StorageRequest request) => request.Number(CountParameter, 1, MostMessages) ?? 1;

    private static StorageException InvalidParameter(string message) => new(400, "InvalidQueryParameterValue", message);

    /// <summary>See https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata.</summary>
    private static void CheckName(string name)
    {
        if (name.Length is < 3 or > 63)
        {
            throw new StorageException(400, "OutOfRangeInput", "The specified resource name length is not within the permissible limits.");
        }

        if (!QueueName().IsMatch(name))
        {
            throw new StorageException(400, "InvalidResourceName", "The specified resource name contains invalid characters.");
        }
    }

    [GeneratedRegex("^[a-z0-9]+(?:-[a-z0-9]+)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex QueueName();
}
