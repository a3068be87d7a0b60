using System.IO.Compression;
using System.Text;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Lines;

public sealed class FirstLineProbeTests
{
    [Theory]
    [InlineData("{\"a\":[1,{}],\"b\":\"\\n é😀\"}\nwhatever", nameof(FirstLine.JsonObject))]
    [InlineData("{}", nameof(FirstLine.JsonObject))]
    [InlineData("{} \r\n", nameof(FirstLine.JsonObject))]
    [InlineData("\uFEFF{\"a\":12}\r\n", nameof(FirstLine.JsonObject))]
    [InlineData("\n \t\r\n  {\"a\":true}\n", nameof(FirstLine.JsonObject))]
    [InlineData("\uFEFF\n{}", nameof(FirstLine.JsonObject))]
    [InlineData("{\n  \"custom_id\": \"a\"\n}", nameof(FirstLine.Indented))]
    [InlineData("{\r\n  \"custom_id\": \"a\"\r\n}", nameof(FirstLine.Indented))]
    [InlineData("{ \"custom_id\": \"a\",\n \"url\": 1}", nameof(FirstLine.Indented))]
    [InlineData("{ \"custom_id\": \"a\", \r\n \"url\": 1}", nameof(FirstLine.Indented))]
    [InlineData("{ \"custom_id\":\n \"a\"}", nameof(FirstLine.Indented))]
    [InlineData("{ \"body\": [\n", nameof(FirstLine.Indented))]
    [InlineData("{\"a\":\"b\n\"}", nameof(FirstLine.NotJsonObject))]
    [InlineData("{\"a\":tr\nue}", nameof(FirstLine.NotJsonObject))]
    [InlineData("{\"a\":N\n}", nameof(FirstLine.NotJsonObject))]
    [InlineData("{\"a\":1}\r{\"a\":2}\r", nameof(FirstLine.CarriageReturns))]
    [InlineData("\uFEFF\r{\"a\":1}\r\r {\"a\":2}", nameof(FirstLine.CarriageReturns))]
    [InlineData("{\"a\":1}\r", nameof(FirstLine.JsonObject))]
    [InlineData("{\"a\":1}\rx", nameof(FirstLine.NotJsonObject))]
    [InlineData("{\"a\":1,}\n", nameof(FirstLine.TrailingComma))]
    [InlineData("{\"a\":[1, ]}\n", nameof(FirstLine.TrailingComma))]
    [InlineData("{\"a\":{\"b\":\"c\" , \t}}", nameof(FirstLine.TrailingComma))]
    [InlineData("{\"a\":1,,}\n", nameof(FirstLine.NotJsonObject))]
    [InlineData("{,}\n", nameof(FirstLine.TrailingComma))]
    [InlineData("{\"a\":NaN}\n", nameof(FirstLine.NotANumber))]
    [InlineData("{\"a\": Infinity}", nameof(FirstLine.NotANumber))]
    [InlineData("{\"a\":[1, -Infinity]}", nameof(FirstLine.NotANumber))]
    [InlineData("{\"a\":[NaN]}", nameof(FirstLine.NotANumber))]
    [InlineData("{\"a\":Nan}", nameof(FirstLine.NotJsonObject))]
    [InlineData("{\"a\":-Inf}", nameof(FirstLine.NotJsonObject))]
    [InlineData("{\"a\":\"b", nameof(FirstLine.NotJsonObject))]
    [InlineData("{\"a\":1", nameof(FirstLine.NotJsonObject))]
    [InlineData("{\"a\":tru}\n", nameof(FirstLine.NotJsonObject))]
    [InlineData("{} {}\n", nameof(FirstLine.NotJsonObject))]
    [InlineData("{},\n", nameof(FirstLine.TrailingComma))]
    [InlineData("{} \t,\r\n{}", nameof(FirstLine.TrailingComma))]
    [InlineData("[{}]", nameof(FirstLine.JsonArray))]
    [InlineData("[\n  {\"a\":1},\n", nameof(FirstLine.JsonArray))]
    [InlineData(" [", nameof(FirstLine.JsonArray))]
    [InlineData("PK\u0003\u0004\u0014\u0000", nameof(FirstLine.Zip))]
    [InlineData("PK\n", nameof(FirstLine.NotJsonObject))]
    [InlineData("custom_id,method\n", nameof(FirstLine.NotJsonObject))]
    [InlineData("\"text\"", nameof(FirstLine.NotJsonObject))]
    [InlineData(" \uFEFF{}", nameof(FirstLine.NotJsonObject))]
    [InlineData("\uFEFF\uFEFF{}", nameof(FirstLine.NotJsonObject))]
    [InlineData("", nameof(FirstLine.Empty))]
    [InlineData(" \n\r\n\t", nameof(FirstLine.Empty))]
    [InlineData("\uFEFF", nameof(FirstLine.Empty))]
    [InlineData("\uFEFF\n\n", nameof(FirstLine.Empty))]
    public void The_first_line_is_judged_alike_wherever_the_file_is_split(string file, string judgement)
    {
        AssertJudged(Enum.Parse<FirstLine>(judgement), Encoding.UTF8.GetBytes(file));
    }

    [Theory]
    [InlineData("utf-16", true)]
    [InlineData("utf-16", false)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-16BE", false)]
    public void Another_encoding_is_named(string name, bool mark)
    {
        var encoding = Encoding.GetEncoding(name);
        byte[] file = [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes("{\"custom_id\":\"a\"}\n{}\n")];

        AssertJudged(FirstLine.Utf16, file);
    }

    [Fact]
    public void A_compressed_file_is_named()
    {
        using var file = new MemoryStream();
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write("{\"custom_id\":\"a\"}\n"u8);
        }

        AssertJudged(FirstLine.Gzip, file.ToArray());
    }

    [Fact]
    public void Every_name_has_an_explanation_of_its_own()
    {
        var named = Enum.GetValues<FirstLine>().Where(line => line > FirstLine.Empty).Select(line => line.Explanation()).ToArray();

        Assert.Equal(named.Length, named.Distinct().Count());
        Assert.All(named, explanation => Assert.EndsWith(".", explanation, StringComparison.Ordinal));
    }

    private static void AssertJudged(FirstLine verdict, byte[] bytes)
    {
        Assert.Equal(verdict, Probe(bytes, 1));
        foreach (var first in Enumerable.Range(0, bytes.Length + 1))
        {
            var probe = new FirstLineProbe();
            probe.Append(bytes.AsSpan(0, first));
            probe.Append(bytes.AsSpan(first));
            Assert.Equal(verdict, probe.Complete());
            Assert.Equal(verdict, probe.Verdict);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Half_a_byte_order_mark_is_no_object(int bytes) =>
        Assert.Equal(FirstLine.NotJsonObject, Probe("\uFEFF"u8[..bytes].ToArray(), 1));

    [Fact]
    public void The_verdict_is_there_as_soon_as_the_line_ends()
    {
        var probe = new FirstLineProbe();
        probe.Append("{\"a\":"u8);
        Assert.Equal(FirstLine.Undecided, probe.Verdict);
        probe.Append("1}\n{"u8);
        Assert.Equal(FirstLine.JsonObject, probe.Verdict);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public void A_long_token_is_let_through_in_pieces_of_any_size(int piece)
    {
        var within = Encoding.UTF8.GetBytes($$"""{"a":"{{new string('x', FirstLineProbe.MaxHeldBytes / 2)}}"} x""");
        Assert.Equal(FirstLine.NotJsonObject, Probe(within, piece));

        var beyond = Encoding.UTF8.GetBytes($$"""{"a":"{{new string('x', 3 * FirstLineProbe.MaxHeldBytes)}}"} x""");
        Assert.Equal(FirstLine.JsonObject, Probe(beyond, piece));
    }

    [Fact]
    public void A_long_line_of_short_tokens_is_read_to_its_end()
    {
        var items = string.Join(',', Enumerable.Repeat("\"some text\"", 300_000));
        Assert.Equal(FirstLine.JsonObject, Probe(Encoding.UTF8.GetBytes($$"""{"a":[{{items}}]}"""), 4096));
        Assert.Equal(FirstLine.TrailingComma, Probe(Encoding.UTF8.GetBytes($$"""{"a":[{{items}},]}"""), 4096));
    }

    [Fact]
    public void Depth_is_left_to_validation() =>
        Assert.Equal(FirstLine.JsonObject, Probe(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 1000)), 10));

    private static FirstLine Probe(byte[] bytes, int piece)
    {
        var probe = new FirstLineProbe();
        for (var at = 0; at < bytes.Length; at += piece)
        {
            probe.Append(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)));
        }

        return probe.Complete();
    }
}
