using System.Text;
using BatchFunctions.Failures;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Failures;

public sealed class FailureGroupsTests
{
    [Theory]
    [InlineData("The messages come to 9214 tokens, of 8,192.", "The messages come to # tokens, of #.")]
    [InlineData("The model 'gpt-9' doesn't exist, and isn't \"known\".", "The model '…' doesn't exist, and isn't \"…\".")]
    [InlineData("Request req_9f8a7b6c5d at 2026-01-02T03:04:05Z failed.", "Request # at # failed.")]
    [InlineData("No such file: 019b7caa-76e8-4000-8000-0000000000aa", "No such file: #")]
    [InlineData("  Two\n lines ", "Two lines")]
    [InlineData("", "")]
    public void Messages_that_differ_in_numbers_ids_and_what_they_quote_have_one_pattern(string message, string pattern) =>
        Assert.Equal(pattern, MessagePattern.Of(message));

    [Fact]
    public void A_long_message_is_looked_at_by_its_beginning()
    {
        var pattern = MessagePattern.Of(string.Concat(Enumerable.Repeat("word ", 1000)));
        Assert.Equal(301, pattern.Length);
    }

    [Theory]
    [InlineData("""{"custom_id":"a","response":{"status_code":400,"body":{"error":{"message":"No.","type":"t","code":"c"}}},"error":null}""", "a", 400, "c", "No.")]
    [InlineData("""{"custom_id":"a","response":{"status_code":400,"body":{"error":{"message":"No.","type":"t","code":null}}},"error":null}""", "a", 400, "t", "No.")]
    [InlineData("""{"custom_id":"a","response":{"status_code":422,"body":{"detail":"Not so.","code":40}},"error":null}""", "a", 422, "40", "Not so.")]
    [InlineData("""{"custom_id":"a","response":{"status_code":404,"body":{"error":"model missing"}},"error":null}""", "a", 404, null, "model missing")]
    [InlineData("""{"custom_id":"a","response":{"status_code":502,"body":"<html>"},"error":{"code":"invalid_response","message":"No JSON."}}""", "a", 502, "invalid_response", "No JSON.")]
    [InlineData("""{"custom_id":"a","response":{"status_code":400,"body":[1,2]},"error":null}""", "a", 400, null, "[1,2]")]
    [InlineData("""{"custom_id":"a","response":null,"error":{"code":"batch_expired","message":"Late."}}""", "a", null, "batch_expired", "Late.")]
    [InlineData("""{"custom_id":7}""", "7", null, null, "")]
    [InlineData("""{"custom_id":"\ud800"}""", null, null, null, """{"custom_id":"\ud800"}""")]
    [InlineData("[]", null, null, null, "")]
    [InlineData("no JSON", null, null, null, "no JSON")]
    public void A_line_says_why_it_failed_in_one_way_or_another(string line, string? customId, int? status, string? code, string message) =>
        Assert.Equal(new FailedLine(customId, status, code, message), FailedLine.Parse(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public async Task Groups_are_bounded_and_what_is_beyond_them_is_counted()
    {
        var lines = Enumerable.Range(0, 60).SelectMany(kind => Enumerable.Range(0, 2).Select(i =>
            $$$"""{"custom_id":"{{{kind}}}-{{{i}}}","response":null,"error":{"code":"c{{{kind}}}","message":"{{{i}}}"}}"""));
        var groups = await ReadAsync([.. lines, new string('x', FailureGroups.LongestLine + 1)]);

        Assert.Equal((121, 21), (groups.Lines, groups.Others));
        Assert.Equal(FailureGroups.Most, groups.All.Count);
        Assert.All(groups.All, group => Assert.Equal((2, "#"), (group.Count, group.Pattern)));
        Assert.Equal("0-0", groups.All[0].Example.CustomId);

        var first = await ReadAsync([new string('x', FailureGroups.LongestLine + 1), "{}"]);
        Assert.Equal(["line_too_long", null], first.All.Select(group => group.Code));
    }

    [Fact]
    public async Task Requests_are_found_in_one_reading_by_number_and_by_id()
    {
        var groups = await ReadAsync(["""{"custom_id":"c","error":{"code":"x"}}""", """{"custom_id":"\u0062","error":{"code":"y"}}""", """{"custom_id":"never","error":{"code":"z"}}"""]);
        groups.Add("invalid_json_line", "No JSON.", 2);
        groups.Add("empty_file", "Empty.", null);
        var search = new RequestSearch(groups.All);
        var read = 0;
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes("""{"custom_id":"a"}""" + "\nno JSON\n\n" + """{"custom_id":"b"}""" + "\n" + """{"custom_id":"c","custom":1}""" + "\n{}\n"));
        using var reader = new LineReader(stream, 1000);
        while (!search.IsOver && await reader.ReadAsync(CancellationToken.None))
        {
            search.Take(reader);
            read++;
        }

        Assert.Equal(5, read);
        Assert.Equal(
            [("x", 5, """{"custom_id":"c","custom":1}"""), ("y", 4, """{"custom_id":"b"}"""), ("z", null, null), ("invalid_json_line", 2, "no JSON"), ("empty_file", null, null)],
            groups.All.Select(group => (group.Code!, group.Example.Line, group.Example.Request?.Text)));
    }

    private static async Task<FailureGroups> ReadAsync(string[] lines)
    {
        var groups = new FailureGroups();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        using var reader = new LineReader(stream, FailureGroups.LongestLine);
        while (await reader.ReadAsync(CancellationToken.None))
        {
            groups.Add(reader);
        }

        return groups;
    }
}
