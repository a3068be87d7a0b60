using System.Text;
using System.Text.Json;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Lines;

/// <summary>
/// The rules for lines once more, told simply: by way of a whole document in memory. What a line checker must agree
/// with, here and in the fuzz target.
/// </summary>
internal sealed class LineModel(string endpoint, bool needsModel)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private readonly HashSet<string> _customIds = new(StringComparer.Ordinal);

    /// <summary>The codes that the checker may answer with; null among them where the line is right.</summary>
    public ISet<string?> Codes(ReadOnlyMemory<byte> line)
    {
        try
        {
            Strict.GetCharCount(line.Span);
        }
        catch (DecoderFallbackException)
        {
            return Only("invalid_encoding");
        }

        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = LineJson.MaxDepth });
            return Codes(document.RootElement);
        }
        catch (JsonException)
        {
            return Only("invalid_json_line");
        }
    }

    private HashSet<string?> Codes(JsonElement line)
    {
        HashSet<string?> forms = [];
        if (HasLoneSurrogate(line))
        {
            forms.Add("invalid_encoding");
        }

        if (line.ValueKind != JsonValueKind.Object)
        {
            forms.Add("invalid_json_line");
        }
        else if (HasDuplicateNames(line) || line.EnumerateObject().Any(p => NameOf(p) == "body" && HasDuplicateNames(p.Value)))
        {
            forms.Add("invalid_request");
        }

        return forms.Count > 0 ? forms : Only(Code(line));
    }

    private string? Code(JsonElement line) =>
        String(line, "custom_id") ?? CustomId(line.GetProperty("custom_id").GetString()!)
        ?? String(line, "method") ?? (line.GetProperty("method").GetString() == "POST" ? null : "invalid_method")
        ?? String(line, "url") ?? (line.GetProperty("url").GetString() == endpoint ? null : "invalid_url")
        ?? (!line.TryGetProperty("body", out var body) ? "missing_required_parameter"
            : body.ValueKind != JsonValueKind.Object ? "invalid_type"
            : Stream(body) ?? Model(body));

    private string? CustomId(string id) =>
        id.Length == 0 ? "empty_string"
        : id.EnumerateRunes().Count() > 512 ? "string_above_max_length"
        : _customIds.Add(id) ? null : "duplicate_custom_id";

    private static string? Stream(JsonElement body) =>
        !body.TryGetProperty("stream", out var stream) ? null : stream.ValueKind switch
        {
            JsonValueKind.True => "streaming_unsupported",
            JsonValueKind.False or JsonValueKind.Null => null,
            _ => "invalid_type",
        };

    private string? Model(JsonElement body)
    {
        var none = !body.TryGetProperty("model", out var model) || model.ValueKind == JsonValueKind.Null;
        var right = none
            ? !needsModel
            : model.ValueKind == JsonValueKind.String && model.GetString()!.EnumerateRunes().Count() is > 0 and <= 512;
        return right ? null : "invalid_request";
    }

    private static string? String(JsonElement line, string name) =>
        !line.TryGetProperty(name, out var value) ? "missing_required_parameter"
        : value.ValueKind == JsonValueKind.String ? null : "invalid_type";

    private static bool HasDuplicateNames(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object
        && element.EnumerateObject().GroupBy(NameOf, StringComparer.Ordinal).Any(names => names.Count() > 1);

    private static bool HasLoneSurrogate(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Any(p => HasLoneSurrogate(Quoted(p)) || HasLoneSurrogate(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().Any(HasLoneSurrogate),
        JsonValueKind.String => HasLoneSurrogate(element.GetRawText()),
        _ => false,
    };

    private static string Quoted(JsonProperty property)
    {
        // As it is spelled: the name alone cannot be had where it has half of a surrogate pair.
        var text = property.ToString();
        return text[..NameLength(text)];
    }

    // Unescapes by hand, and lets the strict encoder say whether the result is text.
    private static bool HasLoneSurrogate(string quoted)
    {
        try
        {
            Strict.GetByteCount(Unescaped(quoted));
            return false;
        }
        catch (EncoderFallbackException)
        {
            return true;
        }
    }

    private static string NameOf(JsonProperty property) => Unescaped(Quoted(property));

    private static int NameLength(string property)
    {
        var at = 1;
        while (property[at] != '"')
        {
            at += property[at] == '\\' ? 2 : 1;
        }

        return at + 1;
    }

    private static string Unescaped(string quoted)
    {
        var text = new StringBuilder();
        for (var at = 1; at < quoted.Length - 1; at++)
        {
            if (quoted[at] != '\\')
            {
                text.Append(quoted[at]);
            }
            else if (quoted[++at] != 'u')
            {
                text.Append(quoted[at] switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', var same => same });
            }
            else
            {
                text.Append((char)Convert.ToInt32(quoted.Substring(at + 1, 4), 16));
                at += 4;
            }
        }

        return text.ToString();
    }

    private static HashSet<string?> Only(string? code) => [code];
}
