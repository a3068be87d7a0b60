using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Stands in the SDK's pipeline: loses answers of requests that landed, and takes storage down altogether.</summary>
internal sealed class FaultyStorage : HttpPipelinePolicy
{
    private Func<Request, bool>? _lost;
    private volatile bool _down;
    private volatile Func<Request, int?>? _refusal;

    /// <summary>Answers that were lost.</summary>
    public int Lost { get; private set; }

    /// <summary>Requests that have been sent, tries included, by method and table, queue or container.</summary>
    public System.Collections.Concurrent.ConcurrentDictionary<string, int> Requests { get; } = new();

    /// <summary>Loses the answer of the next request that fits, after storage has carried it out.</summary>
    public void LoseAnswerOf(Func<Request, bool> fits) => _lost = fits;

    public void GoDown() => _down = true;

    /// <summary>Refuses requests from now on, and does not carry them out.</summary>
    /// <param name="status">The status that a request is refused with; null where it is not.</param>
    public void Refuse(Func<Request, int?>? status) => _refusal = status;

    public void ComeUp() => _down = false;

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (_down)
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
