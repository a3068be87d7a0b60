using System.Buffers;
using System.Text;
using System.Text.Json;

namespace BatchFunctions.Bench.Lines;

/// <summary>Inputs of batches, by what their lines are like.</summary>
internal static class InputText
{
    public const string Endpoint = "/v1/chat/completions";

    private const string Ascii = "Summarise the following report in three sentences and name the people in it. ";
    private const string Chinese = "请用三句话概括下面的报告，并列出其中提到的人名。这些内容来自客户服务记录，需要逐条核对。";
    private const string Japanese = "次の報告を三文で要約し、そこに出てくる人の名前を挙げてください。顧客対応の記録です。";
    private const string German = "Fasse den folgenden Bericht in drei Sätzen zusammen und nenne die Namen der Beteiligten. ";

    /// <summary>The texts, by name: what a line's message is made of.</summary>
    public static IReadOnlyDictionary<string, string> Texts { get; } = new Dictionary<string, string>
    {
        ["ascii"] = Ascii,
        ["cjk"] = Chinese + Japanese,
        ["mixed"] = Ascii + German + Chinese,
        ["escaped"] = "He said:\n\t\"" + Ascii + "\"\n",
    };

    /// <summary>Lines of a batch input.</summary>
    /// <param name="text">What the message is made of, over and over.</param>
    /// <param name="lines">How many.</param>
    /// <param name="lineBytes">About how long each is.</param>
    /// <param name="first">The number of the first.</param>
    public static byte[] Of(string text, int lines, int lineBytes, int first = 0)
    {
        var content = Repeat(text, lineBytes);
        var encoded = JsonEncodedText.Encode(content, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes;
        var output = new ArrayBufferWriter<byte>(lines * (encoded.Length + 160));
        for (var line = first; line < first + lines; line++)
        {
            output.Write(Encoding.UTF8.GetBytes(
                $$$"""{"custom_id":"request-{{{line}}}","method":"POST","url":"{{{Endpoint}}}","body":{"model":"bench","messages":[{"role":"user","content":" """.TrimEnd(' ')));
            output.Write(encoded);
            output.Write("\"}],\"max_tokens\":100}}\n"u8);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Where the lines of a text begin and end, line breaks left out.</summary>
    public static IReadOnlyList<(int Start, int Length)> LinesOf(ReadOnlySpan<byte> text)
    {
        var lines = new List<(int, int)>();
        var start = 0;
        while (start < text.Length)
        {
            var length = text[start..].IndexOf((byte)'\n');
            lines.Add((start, length));
            start += length + 1;
        }

        return lines;
    }

    private static string Repeat(string text, int bytes)
    {
        var all = new StringBuilder();
        var unit = Encoding.UTF8.GetByteCount(text);
        for (var length = 0; length + unit <= bytes || length == 0; length += unit)
        {
            all.Append(text);
        }

        return all.ToString();
    }
}
