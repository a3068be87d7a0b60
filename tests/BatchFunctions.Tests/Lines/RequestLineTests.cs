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
    [InlineData("""{"custom_id":"a"}""")]
    [InlineData("""{"body":{}}""")]
    [InlineData("""{"custom_id":1,"body":{}}""")]
    [InlineData("""{"custom_id":"\ud800","body":{}}""")]
    [InlineData("""{"custom_id":"a","body":{""")]
    [InlineData("")]
    public void A_line_that_was_never_found_right_throws(string line) => Assert.Throws<InvalidDataException>(() => Parse(line));

    private static RequestLine Parse(string line) => RequestLine.Parse(Encoding.UTF8.GetBytes(line));
}
