using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Stands in the SDK's pipeline: loses answers of requests that landed, holds some, and takes storage down, all of it or in part.</summary>
internal sealed class FaultyStorage : HttpPipelinePolicy
{
    private Func<Request, bool>? _lost;
    private volatile Func<Request, int?>? _refusal;
    private volatile Func<Request, bool>? _down;
    private volatile Func<Request, bool>? _held;
    private volatile TaskCompletionSource _release = new();

    /// <summary>Answers that were lost.</summary>
    public int Lost { get; private set; }

    /// <summary>Requests that have been sent, tries included, by method and table, queue or container.</summary>
    public System.Collections.Concurrent.ConcurrentDictionary<string, int> Requests { get; } = new();

    /// <summary>Loses the answer of the next request that fits, after storage has carried it out.</summary>
    public void LoseAnswerOf(Func<Request, bool> fits) => _lost = fits;

    /// <summary>Loses the answer of the next request that fits, and those of all of its tries: until storage comes up nothing of its kind is answered.</summary>
    public void LoseAllAnswersOf(Func<Request, bool> fits) => LoseAnswerOf(request =>
    {
        if (!fits(request))
        {
            return false;
        }

        GoDown(fits);
        return true;
    });

    public void GoDown() => GoDown(_ => true);

    /// <summary>Takes down what answers the requests that fit.</summary>
    public void GoDown(Func<Request, bool> fits) => _down = fits;

    public void ComeUp() => _down = null;

    /// <summary>Refuses requests from now on, and does not carry them out.</summary>
    /// <param name="status">The status that a request is refused with; null where it is not.</param>
    public void Refuse(Func<Request, int?>? status) => _refusal = status;

    /// <summary>Whether a request waits.</summary>
    public bool IsHolding { get; private set; }

    /// <summary>Holds the requests that fit until they are released.</summary>
    public void Hold(Func<Request, bool> fits) => _held = fits;

    public void Release()
    {
        _held = null;
        _release.TrySetResult();
    }

    /// <summary>Whether a request is about blobs of a container, as the strict storage's addresses have it.</summary>
    public static bool IsOf(Request request, string container) => request.Uri.Path.Contains($"/{container}/", StringComparison.Ordinal);

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (_held?.Invoke(message.Request) == true)
        {
            IsHolding = true;
            await _release.Task.WaitAsync(message.CancellationToken);
        }

        if (_down?.Invoke(message.Request) == true)
        {
            throw new HttpRequestException("Storage is down.");
        }

        if (_refusal?.Invoke(message.Request) is { } status)
        {
            throw new RequestFailedException(status, "Refused.");
        }

        Requests.AddOrUpdate(NameOf(message.Request), 1, (_, count) => count + 1);
        await ProcessNextAsync(message, pipeline);
        if (_lost is { } fits && fits(message.Request))
        {
            _lost = null;
            Lost++;
            throw new IOException("The answer is lost.");
        }
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");

    /// <summary>For instance <c>PUT chunks</c>.</summary>
    private static string NameOf(Request request)
    {
        // Azurite's paths begin with the account: /account/queue/messages, /account/table(PartitionKey='…').
        var name = request.Uri.Path.Split('/', StringSplitOptions.RemoveEmptyEntries).Skip(1).FirstOrDefault("");
        return $"{request.Method} {name.Split('(')[0]}";
    }
}
