using System.Globalization;
using System.Text;
using System.Text.Json;

namespace BatchFunctions.Testing;

/// <summary>An answer that a test scripts. Each method gives a changed copy, so that a script reads as a sentence.</summary>
public sealed record ScriptedAnswer
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private ScriptedAnswer()
    {
    }

    /// <summary>How the connection is treated.</summary>
    internal enum Ending
    {
        /// <summary>The answer is sent whole.</summary>
        Whole,

        /// <summary>Half of the body is sent, then the connection is closed.</summary>
        CutOff,

        /// <summary>The connection is reset before anything is sent.</summary>
        Reset,

        /// <summary>There is no connection; for what stands in the place of sockets only.</summary>
        Refused,
    }

    internal int Status { get; private init; } = 200;

    internal string ContentType { get; private init; } = "application/json";

    internal byte[] Body { get; private init; } = [];

    internal IReadOnlyList<(string Name, string Value)> Headers { get; private init; } = [];

    internal Func<CancellationToken, Task>? Before { get; private init; }

    internal bool IsGzipped { get; private init; }

    internal Ending End { get; private init; }

    /// <summary>A chat completion whose content names the call: no two calls get the same. 7 tokens in, 3 out.</summary>
    public static ScriptedAnswer Chat(ScriptedCall call) => Chat(string.Create(
        CultureInfo.InvariantCulture, $"answer {call.Sequence}, call {call.Number} of '{call.Marker}'"));

    /// <summary>A chat completion with this content. 7 tokens in, 3 out.</summary>
    public static ScriptedAnswer Chat(string content) => Json(new
    {
        id = "chatcmpl-scripted",
        @object = "chat.completion",
        created = 1_700_000_000,
        model = "scripted",
        choices = new[]
        {
            new { index = 0, message = new { role = "assistant", content }, finish_reason = "stop" },
        },
        usage = new { prompt_tokens = 7, completion_tokens = 3, total_tokens = 10 },
    });

    /// <summary>An error in OpenAI's envelope.</summary>
    public static ScriptedAnswer Error(int status, string message = "scripted error") =>
        Json(new { error = new { message, type = "scripted", param = (string?)null, code = (string?)null } }).WithStatus(status);

    /// <summary>A value, as JSON.</summary>
    public static ScriptedAnswer Json(object value) => new() { Body = JsonSerializer.SerializeToUtf8Bytes(value) };

    /// <summary>A value, as JSON over several lines.</summary>
    public static ScriptedAnswer PrettyJson(object value) =>
        new() { Body = JsonSerializer.SerializeToUtf8Bytes(value, Indented) };

    /// <summary>A body as it is, be it JSON or not.</summary>
    public static ScriptedAnswer Text(string text, string contentType = "text/html") =>
        Bytes(Encoding.UTF8.GetBytes(text), contentType);

    /// <summary>A body as it is.</summary>
    public static ScriptedAnswer Bytes(byte[] body, string contentType = "application/json") =>
        new() { Body = body, ContentType = contentType };

    /// <summary>Valid JSON of exactly this many bytes.</summary>
    public static ScriptedAnswer OfSize(int bytes) => Text($"\"{new string('x', bytes - 2)}\"", "application/json");

    /// <summary>A redirect.</summary>
    public static ScriptedAnswer Redirect(Uri location) =>
        Json(new { moved = true }).WithStatus(307).WithHeader("Location", location.ToString());

    /// <summary>Nothing: the connection is reset.</summary>
    public static ScriptedAnswer ConnectionReset() => new() { End = Ending.Reset };

    /// <summary>Nothing: the connection is refused, by what stands in the place of sockets.</summary>
    internal static ScriptedAnswer ConnectionRefused() => new() { End = Ending.Refused };

    /// <summary>With this status.</summary>
    public ScriptedAnswer WithStatus(int status) => this with { Status = status };

    /// <summary>With this header as well.</summary>
    public ScriptedAnswer WithHeader(string name, string value) => this with { Headers = [.. Headers, (name, value)] };

    /// <summary>With a <c>Retry-After</c> in seconds.</summary>
    public ScriptedAnswer RetryAfter(int seconds) =>
        WithHeader("Retry-After", seconds.ToString(CultureInfo.InvariantCulture));

    /// <summary>With a <c>Retry-After</c> that is a date.</summary>
    public ScriptedAnswer RetryAfter(DateTimeOffset date) =>
        WithHeader("Retry-After", date.ToString("r", CultureInfo.InvariantCulture));

    /// <summary>After this much real time.</summary>
    public ScriptedAnswer After(TimeSpan delay) => this with { Before = token => Task.Delay(delay, token) };

    /// <summary>Once the test lets it go.</summary>
    public ScriptedAnswer After(Task released) => this with { Before = released.WaitAsync };

    /// <summary>Compressed.</summary>
    public ScriptedAnswer Gzipped() => this with { IsGzipped = true };

    /// <summary>Only in half, though announced in full; then the connection is closed.</summary>
    public ScriptedAnswer CutOff() => this with { End = Ending.CutOff };
}
