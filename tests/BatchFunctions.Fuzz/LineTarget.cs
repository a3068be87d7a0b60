using System.Buffers;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using BatchFunctions.Lines;
using BatchFunctions.Tests.Lines;
using BatchFunctions.Upstream;

namespace BatchFunctions.Fuzz;

/// <summary>
/// Takes any bytes for a batch's input, and compares what the library makes of them, handed over in pieces, with what
/// System.Text.Json and a split on LF make of them as a whole. Throws where the two disagree.
/// </summary>
internal static class LineTarget
{
    private const string Endpoint = "/v1/embeddings";
    private const int MaxLineBytes = 4096;

    public static void Try(byte[] file)
    {
        // The pieces follow from the file, so that a finding can be repeated.
        var random = new Random((int)XxHash32.HashToUInt32(file));
        int[] pieces = [.. Enumerable.Range(0, 8).Select(_ => 1 + random.Next(64))];
        var expected = Split(file);
        CheckLines(file, pieces, expected);
        CheckProbe(file, pieces, expected);
        CheckOneLine(file);
    }

    private static void CheckLines(byte[] file, int[] pieces, List<(int Number, byte[] Line)> expected)
    {
        var checker = new LineChecker(Endpoint);
        var model = new LineModel(Endpoint, needsModel: true);
        using var stream = new Pieces(file, pieces);
        using var reader = new LineReader(stream, MaxLineBytes);
        var lines = 0;
        while (reader.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult())
        {
            Agree(lines < expected.Count, "a line too many");
            (var number, var line) = expected[lines++];
            Agree(reader.Number == number, "line number");
            Agree(reader.TooLong == line.Length > MaxLineBytes, "too long");
            Agree(file.AsSpan((int)reader.Offset, line.Length).SequenceEqual(line), "offset");
            if (!reader.TooLong)
            {
                Agree(reader.Line.Span.SequenceEqual(line), "content");
                CheckLine(checker, model, line);
            }
        }

        Agree(lines == expected.Count, "a line too few");
    }

    private static void CheckLine(LineChecker checker, LineModel model, byte[] line)
    {
        var problem = checker.Check(line);
        Agree(model.Codes(line).Contains(problem?.Code), "code " + (problem?.Code ?? "none"));
        if (problem is not null)
        {
            return;
        }

        var request = RequestLine.Parse(line);
        using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = LineJson.MaxDepth });
        Agree(request.CustomId == document.RootElement.GetProperty("custom_id").GetString(), "custom_id");
        Agree(Encoding.UTF8.GetString(request.Body.Span) == document.RootElement.GetProperty("body").GetRawText(), "body");
    }

    private static void CheckProbe(byte[] file, int[] pieces, List<(int Number, byte[] Line)> expected)
    {
        var probe = new FirstLineProbe();
        for (int at = 0, turn = 0; at < file.Length; turn++)
        {
            var size = Math.Min(pieces[turn % pieces.Length], file.Length - at);
            probe.Append(file.AsSpan(at, size));
            at += size;
        }

        var verdict = probe.Complete();
        Agree(verdict == FirstLine.Empty == (expected.Count == 0), "empty");
        if (expected.Count > 0 && Parse(expected[0].Line) is { } isObject)
        {
            Agree(verdict != FirstLine.Undecided && verdict == FirstLine.JsonObject == isObject, "first line");
        }
    }

    private static void CheckOneLine(byte[] file)
    {
        var output = new ArrayBufferWriter<byte>();
        using var body = AnswerBody.Of(file);
        if (body.NotJson)
        {
            Agree(!IsText(file) || Parse(WithoutMark(file).ToArray(), wantObject: false) != true, "one line");
            return;
        }

        body.DrainTo(output);
        Agree(!output.WrittenSpan.ContainsAny((byte)'\n', (byte)'\r'), "two lines");
        var options = new JsonDocumentOptions { MaxDepth = 10_000 };
        using var before = JsonDocument.Parse(WithoutMark(file), options);
        using var after = JsonDocument.Parse(output.WrittenMemory, options);
        Agree(Tokens(before.RootElement.GetRawText()) == Tokens(after.RootElement.GetRawText()), "another document");
    }

    // Spelling for spelling, the blanks between tokens left out.
    private static string Tokens(string json)
    {
        var text = new StringBuilder();
        var inString = false;
        for (var at = 0; at < json.Length; at++)
        {
            var c = json[at];
            if (inString && c == '\\')
            {
                text.Append(c).Append(json[++at]);
                continue;
            }

            inString ^= c == '"';
            if (inString || !char.IsWhiteSpace(c))
            {
                text.Append(c is '\u0085' or '\u2028' or '\u2029' ? $"\\u{(int)c:x4}" : c.ToString());
            }
        }

        return text.ToString();
    }

    // Whether the bytes are JSON, or a JSON object; null where depth or encoding leave it open.
    private static bool? Parse(byte[] json, bool wantObject = true)
    {
        if (!IsText(json))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 100_000 });
            return !wantObject || document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return json.Count(value => value is (byte)'{' or (byte)'[') >= LineJson.MaxDepth ? null : false;
        }
    }

    private static bool IsText(byte[] bytes) => System.Text.Unicode.Utf8.IsValid(bytes);

    private static ReadOnlyMemory<byte> WithoutMark(byte[] file) =>
        file.AsMemory(file.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);

    private static List<(int Number, byte[] Line)> Split(byte[] file)
    {
        var lines = new List<(int, byte[])>();
        var rest = WithoutMark(file).Span;
        for (var number = 1; !rest.IsEmpty; number++)
        {
            var end = rest.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            if (end > 0 && line[^1] == '\r')
            {
                line = line[..^1];
            }

            if (line.ContainsAnyExcept(" \t\r"u8))
            {
                lines.Add((number, line.ToArray()));
            }

            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return lines;
    }

    private static void Agree(bool agreed, string about)
    {
        if (!agreed)
        {
            throw new InvalidOperationException("The library and the model disagree: " + about);
        }
    }
}
