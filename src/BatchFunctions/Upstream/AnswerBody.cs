using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using BatchFunctions.Lines;

namespace BatchFunctions.Upstream;

/// <summary>The body of an answer, as the line's result keeps it.</summary>
/// <param name="Json">JSON on one line.</param>
/// <param name="NotJson">Whether what came was no JSON, and is kept as a JSON string.</param>
internal readonly record struct AnswerBody(byte[] Json, bool NotJson)
{
    /// <summary>
    /// Bytes that are kept of a body that is no JSON. Such a body is an error page; it explains itself in its first
    /// lines, and as a JSON string it can take up six times its size.
    /// </summary>
    public const int MaxTextBytes = 1024 * 1024;

    private const int FirstRead = 16 * 1024;

    private static readonly JsonWriterOptions Relaxed = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Reads a body to its end.</summary>
    /// <param name="content">The content, decoded.</param>
    /// <param name="announced">How long it says that it is; null when it does not say.</param>
    /// <param name="maxBytes">The most bytes, decompressed, that a body may have.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>The body, or null when it is larger than it may be.</returns>
    public static async Task<AnswerBody?> ReadAsync(Stream content, long? announced, int maxBytes, CancellationToken ct)
    {
        // One byte more than announced, so that the read that finds the end needs no larger array.
        using var raw = new PooledBytes((int?)announced + 1 ?? FirstRead);
        int read;
        while ((read = await content.ReadAsync(raw.GetMemory(), ct)) > 0)
        {
            raw.Advance(read);
            if (raw.Count > maxBytes)
            {
                return null;
            }
        }

        return From(raw.Written);
    }

    private static AnswerBody From(ReadOnlySpan<byte> raw)
    {
        using var line = new PooledBytes(raw.Length + 1);
        if (JsonOneLine.TryWrite(raw, line))
        {
            return new AnswerBody(line.Written.ToArray(), NotJson: false);
        }

        using (var writer = new Utf8JsonWriter(line, Relaxed))
        {
            writer.WriteStringValue(Encoding.UTF8.GetString(raw[..Math.Min(raw.Length, MaxTextBytes)]));
        }

        return new AnswerBody(line.Written.ToArray(), NotJson: true);
    }
}
