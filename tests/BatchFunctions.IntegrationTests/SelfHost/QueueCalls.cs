using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>Writes down what is asked of the queue service, and lets a test step in when an answer has come.</summary>
internal sealed class QueueCalls : HttpPipelinePolicy
{
    private readonly List<string> _calls = [];

    /// <summary>Hears each answer before the caller does.</summary>
    public Func<HttpMessage, Task> Answered { get; set; } = _ => Task.CompletedTask;

    /// <summary>How many calls with this method had this text in their address.</summary>
    public int Count(string method, string text)
    {
        lock (_calls)
        {
            return _calls.Count(call => call.StartsWith(method + " ", StringComparison.Ordinal) && call.Contains(text, StringComparison.Ordinal));
        }
    }

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        lock (_calls)
        {
            _calls.Add($"{message.Request.Method} {message.Request.Uri}");
        }

        await ProcessNextAsync(message, pipeline);
        await Answered(message);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("The pump makes no synchronous calls.");
}
