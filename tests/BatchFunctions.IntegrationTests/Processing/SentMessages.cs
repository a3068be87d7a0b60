using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using System.Web;
using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Counts the messages that are sent, by kind: steps of three kinds share a queue.</summary>
internal sealed partial class SentMessages : HttpPipelineSynchronousPolicy
{
    private readonly ConcurrentDictionary<BatchMessageKind, int> _counts = new();

    /// <summary>After how long the last one of a kind is due.</summary>
    public ConcurrentDictionary<BatchMessageKind, TimeSpan> Delays { get; } = new();

    /// <summary>The message of each kind that was sent last.</summary>
    public ConcurrentDictionary<BatchMessageKind, BatchMessage> Last { get; } = new();

    public int Of(BatchMessageKind kind) => _counts.GetValueOrDefault(kind);

    public void Forget() => _counts.Clear();

    public override void OnReceivedResponse(HttpMessage message)
    {
        if (message.Request.Method == RequestMethod.Post
            && QueueNames.Working.Any(queue => message.Request.Uri.Path.EndsWith($"/{queue}/messages", StringComparison.Ordinal))
            && message.Response.Status == 201
            && message.Request.Content is { } content)
        {
            using var body = new MemoryStream();
            content.WriteTo(body, CancellationToken.None);
            var text = Text().Match(System.Text.Encoding.UTF8.GetString(body.ToArray())).Groups["text"].Value;
            var sent = BatchMessage.Parse(new BinaryData(System.Net.WebUtility.HtmlDecode(text)));
            var delay = HttpUtility.ParseQueryString(message.Request.Uri.Query)["visibilitytimeout"];
            Delays[sent.Kind] = TimeSpan.FromSeconds(delay is null ? 0 : int.Parse(delay, null));
            Last[sent.Kind] = sent;
            _counts.AddOrUpdate(sent.Kind, 1, (_, count) => count + 1);
        }
    }

    [GeneratedRegex("<MessageText>(?<text>.*?)</MessageText>", RegexOptions.Singleline)]
    private static partial Regex Text();
}
