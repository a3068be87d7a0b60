using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>
/// Composes the lines of output and error files:
/// <c>{"id","custom_id","response":{"status_code","request_id","body"},"error"}</c>, LF at the end of each.
/// </summary>
internal static class OutputLine
{
    // Stands before the ids of lines, and not before those of requests.
    private const string IdPrefix = "batch_";

    // The files are downloads and no part of a page: nothing is escaped but what JSON and "one line" ask for.
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private static readonly ArrayBufferWriter<byte> Nowhere = new(1);

    // A line is written in one go: one writer for each thread, in the place of one for each line.
    [ThreadStatic]
    private static Utf8JsonWriter? Kept;

    /// <summary>Writes the line of a request that was answered.</summary>
    /// <param name="output">Where the line goes.</param>
    /// <param name="id">The line's own id, <c>batch_req_…</c>.</param>
    /// <param name="customId">The request's <c>custom_id</c>.</param>
    /// <param name="statusCode">The answer's HTTP status.</param>
    /// <param name="requestId">
    /// The answer's <c>x-request-id</c>. Where it had none, the line's own id without <c>batch_</c> stands for it, since
    /// clients rely on one: <c>req_…</c>.
    /// </param>
    /// <param name="bodyJson">The answer's body: one JSON value without line breaks, as <see cref="JsonOneLine"/> makes it.</param>
    /// <param name="error">What is wrong besides the answer itself, if anything.</param>
    public static void WriteResponse(
        IBufferWriter<byte> output,
        string id,
        string customId,
        int statusCode,
        string? requestId,
        ReadOnlySpan<byte> bodyJson,
        (string Code, string Message)? error = null)
    {
        var writer = Begin(output, id, customId);
        writer.WriteStartObject("response"u8);
        writer.WriteNumber("status_code"u8, statusCode);
        writer.WriteString("request_id"u8, string.IsNullOrEmpty(requestId) ? id.AsSpan(IdPrefix.Length) : requestId);
        writer.WritePropertyName("body"u8);
        writer.WriteRawValue(bodyJson, skipInputValidation: true);
        writer.WriteEndObject();
        WriteError(writer, error);
        End(writer, output);
    }

    /// <summary>Writes the line of a request that has no answer.</summary>
    /// <param name="output">Where the line goes.</param>
    /// <param name="id">The line's own id, <c>batch_req_…</c>.</param>
    /// <param name="customId">The request's <c>custom_id</c>.</param>
    /// <param name="code">Why there is none, for programs.</param>
    /// <param name="message">Why there is none, for people.</param>
    public static void WriteError(IBufferWriter<byte> output, string id, string customId, string code, string message)
    {
        var writer = Begin(output, id, customId);
        writer.WriteNull("response"u8);
        WriteError(writer, (code, message));
        End(writer, output);
    }

    private static Utf8JsonWriter Begin(IBufferWriter<byte> output, string id, string customId)
    {
        var writer = Kept ??= new Utf8JsonWriter(Nowhere, Options);
        writer.Reset(output);
        writer.WriteStartObject();
        writer.WriteString("id"u8, id);
        writer.WriteString("custom_id"u8, customId);
        return writer;
    }

    private static void End(Utf8JsonWriter writer, IBufferWriter<byte> output)
    {
        writer.WriteEndObject();
        writer.Flush();
        output.Write("\n"u8);

        // Between two lines it keeps nobody's buffer.
        writer.Reset(Nowhere);
    }

    private static void WriteError(Utf8JsonWriter writer, (string Code, string Message)? error)
    {
        if (error is not { } found)
        {
            writer.WriteNull("error"u8);
            return;
        }

        writer.WriteStartObject("error"u8);
        writer.WriteString("code"u8, found.Code);
        writer.WriteString("message"u8, found.Message);
        writer.WriteEndObject();
    }
}
