using System.Text.Encodings.Web;
using System.Text.Json;

namespace BatchFunctions.Cli.Terminal;

/// <summary>Formats the service's JSON for programs and for people.</summary>
internal static class JsonTexts
{
    // The text goes to a terminal or a program, never into a web page.
    private static readonly JsonWriterOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions Indented = OneLine with { Indented = true };

    /// <summary>The JSON on one line.</summary>
    public static string Line(JsonElement json) => Write(json, OneLine);

    /// <summary>The JSON indented, over several lines.</summary>
    public static string Lines(JsonElement json) => Write(json, Indented);

    private static string Write(JsonElement json, JsonWriterOptions options)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, options))
        {
            json.WriteTo(writer);
        }

        return System.Text.Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }
}
