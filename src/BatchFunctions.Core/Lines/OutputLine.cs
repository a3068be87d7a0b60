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
    // The prefix that the ids of lines have and those of requests do not.
    private const string IdPrefix = "batch_";

    // The files are downloads, never part of a web page: only what JSON and the one-line format require is escaped.
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private static readonly ArrayBufferWriter<byte> Nowhere = new(1);

    // A line is written in one go, so one writer per thread is enough.
    [ThreadStatic]
    private static Utf8JsonWriter? Kept;

    /// <summary>Writes the line of an answered request.</summary>
    /// <param name="output">Receives the line.</param>
    /// <param name="id">The line's own id, <c>batch_req_…</c>.</param>
    /// <param name="customId">The request's <c>custom_id</c>.</param>
    /// <param name="statusCode">The answer's HTTP status.</param>
    /// <param name="requestId">
    /// The answer's <c>x-request-id</c>. If it has none, the line's own id without <c>batch_</c> (<c>req_…</c>) takes
    /// its place, since clients rely on a request id.
    /// </param>
    /// <param name="writeBody">
    /// Writes the answer's body: one JSON value without line breaks, as <see cref="JsonOneLine"/> writes it.
    /// </param>
    /// <param name="error">An error in addition to the answer, if any.</param>
    public static void WriteResponse(
        IBufferWriter<byte> output,
        string id,
        string customId,
        int statusCode,
        string? requestId,
        Action<IBufferWriter<byte>> writeBody,
        (string Code, string Message)? error = null)
    {
        var writer = Begin(output, id, customId);
        writer.WriteStartObject("response"u8);
        writer.WriteNumber("status_code"u8, statusCode);
        writer.WriteString("request_id"u8, string.IsNullOrEmpty(requestId) ? id.AsSpan(IdPrefix.Length) : requestId);
        writer.WritePropertyName("body"u8);

        // Past the writer, which would ask for one piece of memory for all of it.
        writer.Flush();
        writeBody(output);
        writer.WriteEndObject();
        WriteError(writer, error);
        End(writer, output);
    }

    /// <summary>Writes the line of a request without an answer.</summary>
    /// <param name="output">Receives the line.</param>
    /// <param name="id">The line's own id, <c>batch_req_…</c>.</param>
    /// <param name="customId">The request's <c>custom_id</c>.</param>
    /// <param name="code">Why there is no answer: a code for programs.</param>
    /// <param name="message">Why there is no answer: a message for people.</param>
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

        // Between two lines the writer holds on to no caller's buffer.
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
