using System.Text;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Lines;

public sealed class ResultLineTests
{
    [Theory]
    [InlineData("""{"id":"x","custom_id":"a","response":{"status_code":429,"request_id":"r","body":{"status_code":1,"error":{"code":"inner"}}},"error":null}""", "a", 429, null)]
    [InlineData("""{"id":"x","custom_id":"a","response":null,"error":{"code":"batch_expired","message":"m"}}""", "a", null, "batch_expired")]
    [InlineData("""{"error":{"message":{"code":"deep"},"code":"late"},"response":{"body":[1,{"a":2}],"status_code":500},"custom_id":"\u00e4\n"}""", "ä\n", 500, "late")]
    [InlineData("""{"custom_id":"a","response":[1,{"status_code":3}],"error":"text","more":{"custom_id":"b"}}""", "a", null, null)]
    [InlineData("""{"custom_id":"a","response":{},"error":{"code":7}}""", "a", null, null)]
    [InlineData("""{"custom_id":"a","response":{"status_code":"200"}}""", "a", null, null)]
    [InlineData("""{"custom_id":"a","response":null,"error":{"code":"\ud800"}}""", "a", null, null)]
    public void What_a_line_says_is_read(string line, string customId, int? status, string? code)
    {
        Assert.True(ResultLine.TryRead(Encoding.UTF8.GetBytes(line), new Scratch(), out var found, out var result));
        Assert.Equal(customId, Encoding.UTF8.GetString(found));
        Assert.Equal((status, code), (result.Status, result.Code));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("[1]")]
    [InlineData("""{"id":"x"}""")]
    [InlineData("""{"custom_id":1}""")]
    [InlineData("""{"custom_id":"\ud800"}""")]
    [InlineData("""{"custom_id":"a","response":{"status_code":200""")]
    public void What_is_no_result_is_told(string line) =>
        Assert.False(ResultLine.TryRead(Encoding.UTF8.GetBytes(line), new Scratch(), out _, out _));
}
