using System.Text;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Lines;

public sealed class RequestLineTests
{
    [Fact]
    public void The_id_is_decoded_and_the_body_is_the_lines_own_bytes()
    {
        var request = Parse("""{"x":{"body":1,"custom_id":2},"custom_\u0069d":"\u0061\ud83d\ude00","bod\u0079": { "n" : 1.50e+2, "s":"\u0061" } ,"url":"u"}""");

        Assert.Equal("a😀", request.CustomId);
        Assert.Equal("""{ "n" : 1.50e+2, "s":"\u0061" }""", Encoding.UTF8.GetString(request.Body.Span));
    }

    [Theory]
    [InlineData("""{"body":{"a":{"model":"x"},"model":"llama","b":[{"model":"y"}]},"model":"z","custom_id":"a"}""", "llama", "\"llama\"")]
    [InlineData("""{"custom_id":"a","body":{ "m\u006fdel" : "ll\u0061ma" }}""", "llama", "\"ll\\u0061ma\"")]
    [InlineData("""{"custom_id":"a","body":{"model":null}}""", "", "")]
    [InlineData("""{"custom_id":"a","body":{"input":"model"},"model":"x"}""", "", "")]
    public void The_model_is_found_where_the_body_has_it(string line, string name, string spelled)
    {
        var (_, body, model) = Parse(line);

        Assert.Equal(name, Encoding.UTF8.GetString(model.In(body.Span)));
        Assert.Equal(spelled, Encoding.UTF8.GetString(body.Span.Slice(model.Start, model.Length)));
        Assert.Equal(name.Length > 0, model.IsNamed);
    }

    [Theory]
    [InlineData("""{"custom_id":"a"}""")]
    [InlineData("""{"body":{}}""")]
    [InlineData("""{"custom_id":1,"body":{}}""")]
    [InlineData("""{"custom_id":"\ud800","body":{}}""")]
    [InlineData("""{"custom_id":"a","body":{""")]
    [InlineData("")]
    public void A_line_that_was_never_found_right_throws(string line) => Assert.Throws<InvalidDataException>(() => Parse(line));

    private static RequestLine Parse(string line) => RequestLine.Parse(Encoding.UTF8.GetBytes(line));
}
