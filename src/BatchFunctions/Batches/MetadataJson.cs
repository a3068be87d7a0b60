using System.Globalization;
using System.Text;

namespace BatchFunctions.Batches;

/// <summary>
/// A batch's metadata, as stored in its row. The serializer's encoders escape a character beyond the Basic Multilingual
/// Plane as twelve bytes, which could exceed the 64 KiB of a property; unescaped it takes four. Control characters then
/// take the most, six bytes each, and the largest metadata (16 pairs of 64 and 512 characters) fits.
/// </summary>
internal static class MetadataJson
{
    /// <summary>Writes a JSON object in UTF-8, with only the escapes that JSON requires.</summary>
    public static byte[] Write(IReadOnlyDictionary<string, string> metadata)
    {
        var json = new StringBuilder("{");
        foreach (var (key, value) in metadata)
        {
            Append(json.Length > 1 ? json.Append(',') : json, key);
            Append(json.Append(':'), value);
        }

        return Encoding.UTF8.GetBytes(json.Append('}').ToString());
    }

    private static void Append(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' or '\\' => json.Append('\\').Append(c),
                < ' ' => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => json.Append(c),
            };
        }

        json.Append('"');
    }
}
