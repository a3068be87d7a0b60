using System.Buffers;
using System.Net;
using System.Text.Json;
using BatchFunctions.Configuration;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using BatchFunctions.Upstream;

namespace BatchFunctions.Fuzz;

/// <summary>
/// Takes any bytes for an upstream's answer: the first says how it is labelled, the rest is what it sends. Whatever that is, it must
/// become one line of the output or the error file, and nothing may be thrown.
/// </summary>
internal static class AnswerTarget
{
    private const int MaxResponseBytes = 64 * 1024;

    private static readonly string[] Encodings = ["", "gzip", "br", "deflate", "gzip, br", "zstd"];

    private static readonly CannedUpstream Upstream = new();
    private static readonly ByteBudget Budget = new(1024 * 1024);

    private static readonly UpstreamConnection Connection = new(
        Upstream,
        UpstreamSettings.OfDefault(new UpstreamOptions { BaseUrl = "http://127.0.0.1/v1", MaxResponseBytes = MaxResponseBytes }),
        TimeProvider.System);

    public static void Try(byte[] file)
    {
        var label = file.Length == 0 ? 0 : file[0];
        Upstream.Answer = (label % 2 == 0 ? 200 : 500, Encodings[label / 2 % Encodings.Length], file.Length == 0 ? [] : file[1..]);
        using var memory = new LineMemory(Budget.Open(), 2);
        using var reply = Connection.PostAsync(
            new UpstreamRequest(default, "/v1/chat/completions", "{}"u8.ToArray(), memory, new UpstreamRoute([])), model: null, CancellationToken.None).GetAwaiter().GetResult();
        var said = reply.Said;
        var line = new ArrayBufferWriter<byte>();
        if (reply is Reply.Answer answer)
        {
            var usage = answer.Body.Usage;
            Agree(usage is { Input: >= 0, CachedInput: >= 0, Output: >= 0, ReasoningOutput: >= 0 }, "usage");
            OutputLine.WriteResponse(line, "batch_req_1", "line", answer.StatusCode, answer.RequestId, answer.Body.DrainTo);
        }
        else
        {
            Agree(reply is Reply.Garbled or Reply.TooLarge, reply.Name);
            OutputLine.WriteError(line, "batch_req_1", "line", "invalid_response", said.ToString());
        }

        Agree(said.Message.Length <= LastAnswer.MaxMessage + 1, "message");
        Agree(line.WrittenSpan.IndexOf((byte)'\n') == line.WrittenCount - 1, "one line");
        using var document = JsonDocument.Parse(line.WrittenMemory, new JsonDocumentOptions { MaxDepth = AnswerBody.MaxDepth + 3 });
        Agree(document.RootElement.GetProperty("custom_id").GetString() == "line", "custom_id");
    }

    private static void Agree(bool agreed, string about)
    {
        if (!agreed)
        {
            throw new InvalidOperationException("An answer became what it must not: " + about);
        }
    }

    /// <summary>A client whose every request is answered as the target says.</summary>
    private sealed class CannedUpstream : HttpMessageHandler, IHttpClientFactory
    {
        public (int Status, string Encoding, byte[] Content) Answer { get; set; }

        public HttpClient CreateClient(string name) => new(this, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var content = new ByteArrayContent(Answer.Content);
            content.Headers.TryAddWithoutValidation("Content-Encoding", Answer.Encoding);
            return Task.FromResult(new HttpResponseMessage((HttpStatusCode)Answer.Status) { Content = content });
        }
    }
}
