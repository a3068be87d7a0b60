using System.Globalization;
using System.Text.Json;

namespace BatchFunctions.Failures;

/// <summary>A line of an error file: whose it is, and why it failed.</summary>
/// <param name="CustomId">The request's <c>custom_id</c>; null where the line has none.</param>
/// <param name="StatusCode">The answer's HTTP status; null where there is no answer.</param>
/// <param name="Code">The service's code, or else the upstream's, or else its kind of error; null where none has any.</param>
/// <param name="Message">The service's words, or else the upstream's, or else its answer as it is.</param>
internal sealed record FailedLine(string? CustomId, int? StatusCode, string? Code, string Message)
{
    private const int LongestMessage = 500;

    /// <summary>Answers are nested as deep as an upstream likes, up to what the service takes.</summary>
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 1024 };

    /// <summary>Reads a line; one that is no JSON object is a message itself.</summary>
    public static FailedLine Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, Options);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a surrogate without its partner.
            return new FailedLine(null, null, null, Cut(LineText.Of(line.Span).Text));
        }
    }

    private static FailedLine Read(JsonElement line)
    {
        var error = Of(line, "error");
        var response = Of(line, "response");
        var body = Of(response, "body");
        var told = Of(body, "error");
        return new FailedLine(
            TextOf(line, "custom_id"),
            Of(response, "status_code") is { ValueKind: JsonValueKind.Number } status && status.TryGetInt32(out var code) ? code : null,
            TextOf(error, "code") ?? TextOf(told, "code") ?? TextOf(told, "type") ?? TextOf(body, "code") ?? TextOf(body, "type"),
            Cut(TextOf(error, "message") ?? TextOf(told, "message") ?? TextOf(body, "message") ?? TextOf(body, "detail") ?? Text(told) ?? Text(body) ?? Whole(told) ?? Whole(body) ?? ""));
    }

    private static JsonElement? Of(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string? TextOf(JsonElement? element, string name) => Text(Of(element, name));

    private static string? Text(JsonElement? element) => element switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString() is { Length: > 0 } found ? found : null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var whole) => whole.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static string? Whole(JsonElement? element) => element?.GetRawText();

    private static string Cut(string text) =>
        text.Length <= LongestMessage ? text : text[..(char.IsHighSurrogate(text[LongestMessage - 1]) ? LongestMessage - 1 : LongestMessage)] + "…";
}
