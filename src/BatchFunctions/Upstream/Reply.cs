using System.Globalization;
using System.Text.Json;

namespace BatchFunctions.Upstream;

/// <summary>What one attempt came to, before anything is decided about it.</summary>
internal abstract record Reply : IDisposable
{
    /// <summary>Bytes of an answer that is looked through for its message.</summary>
    private const int LongestError = 64 * 1024;

    /// <summary>What metrics and traces call it: the status that was answered, or the way that the attempt failed.</summary>
    public string Name => this switch
    {
        Answer answer => answer.StatusCode.ToString(CultureInfo.InvariantCulture),
        TooLarge => "too_large",
        TimedOut => "timeout",
        Garbled => "garbled",
        Broken => "broken",
        _ => "unreachable",
    };

    /// <summary>What there is to say of it in an error line. It names no address of the upstream's.</summary>
    public LastAnswer Said => this switch
    {
        Answer answer => new LastAnswer(answer.StatusCode, LastAnswer.Excerpt(MessageOf(answer.Body))),
        TooLarge => new LastAnswer(0, "the response was too large"),
        TimedOut => new LastAnswer(0, "the upstream did not respond in time"),
        Garbled garbled => new LastAnswer(garbled.StatusCode, LastAnswer.Excerpt("a response that was cut off or cannot be decoded: " + garbled.Received)),
        Broken => new LastAnswer(0, "the connection broke before a response came"),
        _ => new LastAnswer(0, "the upstream could not be reached"),
    };

    /// <summary>Gives up what it holds.</summary>
    public virtual void Dispose()
    {
    }

    /// <summary>An error's own words: <c>error.message</c>, <c>message</c> or <c>detail</c>, else the body's first words.</summary>
    private static string MessageOf(AnswerBody body)
    {
        if (body.NotJson || body.Bytes > LongestError)
        {
            return body.Head(LastAnswer.MaxMessage * 4);
        }

        var text = body.Head(LongestError);
        try
        {
            using var document = JsonDocument.Parse(text.TrimStart('\uFEFF'), new JsonDocumentOptions { MaxDepth = AnswerBody.MaxDepth });
            return TextIn(document.RootElement) ?? text;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return text;
        }
    }

    private static string? TextIn(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String)
        {
            return element.GetString();
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        foreach (var name in new[] { "error", "message", "detail" })
        {
            if (element.TryGetProperty(name, out var inner) && TextIn(inner) is { } text)
            {
                return text;
            }
        }

        return null;
    }

    /// <summary>The upstream answered, to the answer's last byte.</summary>
    /// <param name="StatusCode">The HTTP status.</param>
    /// <param name="RequestId">The upstream's own id of the request, where it names one.</param>
    /// <param name="Body">The body.</param>
    /// <param name="RetryAfter">The wait that it asks for, if any.</param>
    /// <param name="Location">Where a redirect points.</param>
    internal sealed record Answer(
        int StatusCode, string? RequestId, AnswerBody Body, TimeSpan? RetryAfter, string? Location = null) : Reply
    {
        public override void Dispose()
        {
            base.Dispose();
            Body.Dispose();
        }
    }

    /// <summary>The answer was larger than an answer may be.</summary>
    internal sealed record TooLarge : Reply;

    /// <summary>The attempt took longer than one may take.</summary>
    internal sealed record TimedOut : Reply;

    /// <summary>The upstream began to answer, and the rest was cut off or cannot be decoded, whatever the reason.</summary>
    /// <param name="StatusCode">The HTTP status.</param>
    /// <param name="Received">The first of what came, as text.</param>
    /// <param name="Cause">What was thrown.</param>
    internal sealed record Garbled(int StatusCode, string Received, Exception Cause) : Reply;

    /// <summary>The connection was there, and broke before an answer began.</summary>
    internal sealed record Broken(Exception Cause) : Reply;

    /// <summary>There was no connection to be had, so nothing has been sent.</summary>
    internal sealed record Unreachable(Exception Cause) : Reply;
}
