using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using CsCheck;

namespace BatchFunctions.Tests.Lines;

public sealed class JsonOneLineTests
{
    private const int MaxDepth = 100;

    [Theory]
    [InlineData("{}", "{}")]
    [InlineData(" \r\n {\r\n\t\"a\" : 1,\n\n  \"b\" : [ 1,\n 2 ]\n}\r\n ", "{\"a\" : 1,\"b\" : [ 1,2 ]}")]
    [InlineData("\uFEFF{\"a\":\n1}", "{\"a\":1}")]
    [InlineData("\n\"\\n\\u000a\\/é\"", "\"\\n\\u000a\\/é\"")]
    [InlineData("[123456789012345678901234567890.10,\n1E+400,-0.0]", "[123456789012345678901234567890.10,1E+400,-0.0]")]
    [InlineData("{\"a\":1,\n\"a\":2}", "{\"a\":1,\"a\":2}")]
    [InlineData("[\"a\u2028b\u2029c\u0085d\u2026\u00a0\"]", "[\"a\\u2028b\\u2029c\\u0085d\u2026\u00a0\"]")]
    [InlineData("\"\\ud800\"", "\"\\ud800\"")]
    [InlineData(" null ", "null")]
    public void Any_layout_becomes_one_line_with_the_same_spelling(string json, string line)
    {
        Assert.True(TryWrite(Encoding.UTF8.GetBytes(json), out var written));
        Assert.Equal(line, written);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{}\n{}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("\"a\nb\"")]
    [InlineData("<html>")]
    [InlineData("tru")]
    public void What_is_not_one_JSON_value_is_refused_and_nothing_written(string json)
    {
        Assert.False(TryWrite(Encoding.UTF8.GetBytes(json), out var written));
        Assert.Empty(written);
    }

    [Fact]
    public void What_is_no_UTF8_is_refused() => Assert.False(TryWrite([(byte)'"', 0xC3, (byte)'"'], out _));

    [Fact]
    public void What_is_deeper_than_it_may_be_is_refused()
    {
        static string Deep(int levels) => new string('[', levels) + new string(']', levels);

        Assert.True(TryWrite(Encoding.UTF8.GetBytes(Deep(MaxDepth)), out var written));
        Assert.Equal(Deep(MaxDepth), written);
        Assert.False(TryWrite(Encoding.UTF8.GetBytes(Deep(MaxDepth + 1)), out _));
    }

    [Fact]
    public void Any_document_means_the_same_on_one_line_as_indented() =>
        Documents(3).Sample(
            document =>
            {
                // The serializer would escape them; many servers do not.
                var indented = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(document, Layout)
                    .Replace("<2028>", "\u2028", StringComparison.Ordinal)
                    .Replace("<2029>", "\u2029", StringComparison.Ordinal)
                    .Replace("<0085>", "\u0085", StringComparison.Ordinal));

                Assert.True(TryWrite(indented, out var line));

                Assert.DoesNotContain(line, breaks => breaks is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029');
                using var before = JsonDocument.Parse(indented);
                using var after = JsonDocument.Parse(line);
                Assert.True(JsonElement.DeepEquals(before.RootElement, after.RootElement));
            },
            iter: 5_000);

    [Fact]
    public void Any_bytes_are_taken_exactly_when_they_are_JSON_in_UTF8() =>
        Gen.OneOf("{"u8.ToArray(), "}"u8.ToArray(), "\"a\""u8.ToArray(), ":"u8.ToArray(), "["u8.ToArray(), "]"u8.ToArray(), ","u8.ToArray(), "1"u8.ToArray(), "\n "u8.ToArray(), "\"\u2028\""u8.ToArray(), [0xE2], [0xC2]).Array[0, 8].Sample(
            parts =>
            {
                byte[] bytes = [.. parts.SelectMany(part => part)];
                Assert.Equal(IsJson(bytes), TryWrite(bytes, out _));
            },
            iter: 20_000);

    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, NewLine = "\r\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static Gen<object?> Documents(int depth)
    {
        var texts = Gen.OneOf(Gen.String, Gen.OneOf("", "a\nb", "<2028>", "é<0085>", "<2029>\"\\", "😀"));
        var scalars = Gen.OneOf(
            Gen.Const((object?)null), Gen.Bool.Select(x => (object?)x), Gen.Double.Where(double.IsFinite).Select(x => (object?)x), texts.Select(x => (object?)Valid(x)));
        return depth == 0
            ? scalars
            : Gen.OneOf(
                scalars,
                Documents(depth - 1).Array[0, 4].Select(x => (object?)x),
                Gen.Select(texts.Select(Valid), Documents(depth - 1)).Array[0, 4].Select(x => (object?)x.DistinctBy(p => p.Item1).ToDictionary(p => p.Item1, p => p.Item2)));
    }

    private static string Valid(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static bool IsJson(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(new UTF8Encoding(false, true).GetString(bytes));
            return true;
        }
        catch (Exception e) when (e is JsonException or DecoderFallbackException)
        {
            return false;
        }
    }

    private static bool TryWrite(byte[] json, out string written)
    {
        // In blocks of a few bytes, as far as characters let them be.
        using var blocks = new ByteBlocks(1, 16);
        foreach (var one in json)
        {
            blocks.GetSpan()[0] = one;
            blocks.Advance(1);
        }

        var output = new ArrayBufferWriter<byte>();
        var isOne = JsonOneLine.IsOneValue(blocks.Sequence, MaxDepth);
        if (isOne)
        {
            var line = new JsonOneLine(output);
            blocks.Drain(line.Write);
        }

        written = Encoding.UTF8.GetString(output.WrittenSpan);
        return isOne;
    }
}
