using System.Text;
using System.Text.Json;
using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Clients;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>batch errors</c>: by the service's own operation, and from the files where a service has none.</summary>
public sealed class ErrorsTests
{
    [Fact]
    public async Task Failures_are_shown_by_what_they_have_in_common_with_a_request_beside_its_answer()
    {
        await using var service = await ServiceDriver.StartAsync();
        using var cli = new CliDriver(service.Endpoint, service.Key);
        var run = await cli.RunAsync("run", cli.WriteRequests("a", "FAIL-1", "FAIL-2"), "--quiet");
        using var process = CliProcess.Start(service.Endpoint, service.Key, "errors", run.BatchId);

        var errors = await process.EndAsync();
        var json = await cli.RunAsync("errors", run.BatchId, "--json");

        errors.AssertOneLine(ExitCodes.Done, $"Batch {run.BatchId} is completed: 2 lines without a result.");
        var lines = errors.Output.Split('\n');
        Assert.Equal("2 lines  400  missing_required_parameter", lines[0]);
        Assert.Equal("  Missing required parameter: '…'.", lines[1]);
        Assert.StartsWith("  For example FAIL-", lines[2], StringComparison.Ordinal);
        Assert.Equal("    message  Missing required parameter: 'messages'.", lines[3]);
        Assert.StartsWith("    request  {\"custom_id\":\"FAIL-", lines[4], StringComparison.Ordinal);
        Assert.StartsWith("    answer   {\"id\":\"batch_req_", lines[5], StringComparison.Ordinal);
        var group = Assert.Single(JsonDocument.Parse(json.Output).RootElement.GetProperty("groups").EnumerateArray());
        Assert.Equal((2, 400), (group.GetProperty("count").GetInt32(), group.GetProperty("status_code").GetInt32()));
    }

    [Fact]
    public async Task Of_a_batch_without_failures_and_of_one_whose_input_was_refused()
    {
        await using var service = await ServiceDriver.StartAsync();
        using var cli = new CliDriver(service.Endpoint, service.Key);
        var good = await cli.RunAsync("run", cli.WriteRequests("a"), "--quiet");
        var bad = await cli.RunAsync("run", cli.Write("bad.jsonl", CliDriver.LineOf("a"), "no JSON"), "--quiet");

        var none = await cli.RunAsync("errors", good.BatchId);
        var refused = await cli.RunAsync("errors", bad.BatchId);

        none.AssertOneLine(ExitCodes.Done, "no line has failed.");
        Assert.Empty(none.Output);
        refused.AssertOneLine(ExitCodes.Done, "is failed: 1 fault of its input.");
        Assert.Contains("  For example line 2:\n    request  no JSON\n", refused.Output, StringComparison.Ordinal);
        (await cli.RunAsync("errors", "batch_00000000000000000000000000000000")).AssertOneLine(ExitCodes.Refused, "No batch found");
    }

    [Fact]
    public async Task A_service_without_the_operation_is_read_by_its_files()
    {
        await using var service = await OtherService.StartAsync();
        using var cli = new CliDriver(service.BaseUrl, "sk-other");
        string[] errors =
        [
            .. Enumerable.Range(1, 3).Select(i => $$$$"""{"id":"x","custom_id":"b{{{{i}}}}","response":{"status_code":429,"body":{"error":{"message":"Limit {{{{i}}}}0 reached.","code":"rate_limit"}}},"error":null}"""),
            """{"id":"x","custom_id":"c","response":null,"error":{"code":"batch_expired","message":"Too late."}}""",
        ];
        service.Before = context => AnswerAsync(context, context.Request.Path.Value!.Split('/')[^2..] switch
        {
            ["batches", "batch_9"] => """{"id":"batch_9","status":"expired","input_file_id":"in","error_file_id":"err"}""",
            ["err", "content"] => string.Join('\n', errors),
            ["in", "content"] => string.Join('\n', new[] { "a", "b1", "b2", "b3" }.Select(CliDriver.LineOf)),
            _ => null,
        });

        var shown = await cli.RunAsync("errors", "batch_9");

        shown.AssertOneLine(ExitCodes.Done, "Batch batch_9 is expired: 4 lines without a result.");
        Assert.StartsWith("3 lines  429  rate_limit\n  Limit # reached.\n  For example b1, line 2:\n    message  Limit 10 reached.\n    request  {\"custom_id\":\"b1\"", shown.Output, StringComparison.Ordinal);
        Assert.Contains("1 line  batch_expired\n  Too late.\n  For example c:\n    answer   {", shown.Output, StringComparison.Ordinal);
    }

    private static async Task<bool> AnswerAsync(HttpContext context, string? text)
    {
        if (text is not null)
        {
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text));
        }

        return text is not null;
    }
}
