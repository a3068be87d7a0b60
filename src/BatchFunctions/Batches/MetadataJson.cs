using System.Globalization;
using System.Text;

namespace BatchFunctions.Batches;

/// <summary>
/// A batch's metadata as its row's property has it. The serializer's encoders spell a character beyond the Basic
/// Multilingual Plane with twelve bytes, which would be too many; as it is, it takes four. A control character takes the
/// most, six, and the largest metadata (16 pairs of 64 and 512 characters) fits the 64 KiB of a property.
/// </summary>
internal static class MetadataJson
{
    /// <summary>Writes a JSON object in UTF-8, with no escape but those that JSON asks for.</summary>
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
