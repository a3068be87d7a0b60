using System.Text;
using BatchFunctions.Batches;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Inputs that are wrong, and inputs that only look so: what becomes of the whole batch.</summary>
public sealed class InputTests
{
    private const string Other =
        """{"custom_id":"other","method":"POST","url":"/v1/chat/completions","body":{"model":"scripted","messages":[]}}""";

    [Theory]
    [InlineData("no JSON", "invalid_json_line", null)]
    [InlineData("[1,2]", "invalid_json_line", null)]
    [InlineData("""{"method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}""", "missing_required_parameter", "custom_id")]
    [InlineData("""{"custom_id":"other","url":"/v1/chat/completions","body":{"model":"m"}}""", "missing_required_parameter", "method")]
    [InlineData("""{"custom_id":"other","method":"POST","body":{"model":"m"}}""", "missing_required_parameter", "url")]
    [InlineData("""{"custom_id":"other","method":"POST","url":"/v1/chat/completions"}""", "missing_required_parameter", "body")]
    [InlineData("""{"custom_id":"line-0","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}""", "duplicate_custom_id", "custom_id")]
    [InlineData("""{"custom_id":"","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}""", "empty_string", "custom_id")]
    [InlineData("""{"custom_id":"other","method":"GET","url":"/v1/chat/completions","body":{"model":"m"}}""", "invalid_method", "method")]
    [InlineData("""{"custom_id":"other","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}""", "invalid_url", "url")]
    [InlineData("""{"custom_id":"other","method":"POST","url":"/v1/chat/completions","body":"text"}""", "invalid_type", "body")]
    [InlineData("""{"custom_id":"other","method":"POST","url":"/v1/chat/completions","body":{}}""", "invalid_request", "body.model")]
    [InlineData("""{"custom_id":"other","method":"POST","url":"/v1/chat/completions","body":{"model":"m","stream":true}}""", "streaming_unsupported", "body.stream")]
    [InlineData("""{"custom_id":"other","method":"POST","url":"/v1/chat/completions","body":{"model":"m","model":"n"}}""", "invalid_request", "body.model")]
    [InlineData("""{"custom_id":"\ud800","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}""", "invalid_encoding", null)]
    [InlineData("""{"custom_id":"other","method":"POST","url":"/v1/chat/completions","body":{"model":"m","x":"TOO LONG"}}""", "line_too_long", null)]
    public async Task A_wrong_line_fails_the_batch_and_is_named_by_code_line_and_parameter(string line, string code, string? param)
    {
        var text = line.Replace("TOO LONG", new string('x', 1024), StringComparison.Ordinal);
        var failed = await FailAsync(Encoding.UTF8.GetBytes(BatchDriver.LineOf(0) + text + "\n" + BatchDriver.LineOf(1)));
        var error = Assert.Single(failed.Errors);
        Assert.Equal((code, param, 2), (error.Code, error.Param, error.Line));
        Assert.NotEmpty(error.Message);
    }

    [Fact]
    public async Task A_line_that_is_no_UTF8_is_named()
    {
        var failed = await FailAsync([.. Encoding.UTF8.GetBytes(BatchDriver.LineOf(0)), (byte)'{', (byte)'"', 0xC3, (byte)'"', (byte)'}']);
        Assert.Equal(("invalid_encoding", null, 2), Single(failed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\r\n  \n")]
    [InlineData("\uFEFF")]
    public async Task An_input_without_a_line_fails_the_batch(string text)
    {
        var failed = await FailAsync(Encoding.UTF8.GetBytes(text));
        Assert.Equal(("empty_file", null, null), Single(failed));
    }

    [Fact]
    public async Task Of_many_wrong_lines_the_first_hundred_are_named()
    {
        var failed = await FailAsync(Encoding.UTF8.GetBytes(
            BatchDriver.LineOf(0) + string.Concat(Enumerable.Repeat("no JSON\n", 150))));
        Assert.Equal(Enumerable.Range(2, 100), failed.Errors.Select(error => error.Line!.Value));
    }

    [Theory]
    [InlineData("\U0001F600", 12)]
    [InlineData("x", 101)]
    [InlineData("\\u0001", 101)]
    public async Task Lines_of_one_id_however_long_it_is_are_each_named(string character, int lines)
    {
        var id = string.Concat(Enumerable.Repeat(character, 512));
        var failed = await FailAsync(
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(InputLines.Chat(id, "m"), lines))), new Dictionary<string, string?>());
        Assert.Equal(Enumerable.Range(2, lines - 1), failed.Errors.Select(error => error.Line!.Value));
        Assert.All(failed.Errors, error => Assert.Equal(("duplicate_custom_id", "custom_id"), (error.Code, error.Param)));
    }

    [Fact]
    public async Task A_wrong_line_is_found_among_fifty_thousand_and_one_line_more_is_too_many()
    {
        // 50,001 lines, of which the last is one too many, and one before it is wrong.
        var text = new StringBuilder();
        for (var index = 0; index <= 50_000; index++)
        {
            text.Append(index == 40_000 ? "no JSON\n" : BatchDriver.LineOf(index));
        }

        var failed = await FailAsync(Encoding.UTF8.GetBytes(text.ToString()));
        Assert.Equal(
            [("invalid_json_line", 40_001), ("too_many_requests", null)],
            failed.Errors.Select(error => (error.Code, error.Line)));
    }

    [Fact]
    public async Task An_input_over_the_limit_of_bytes_is_not_read()
    {
        // The limit is lower than OpenAI's 200 MB, which is the setting's default; the check is the same.
        var failed = await FailAsync(
            Encoding.UTF8.GetBytes(BatchDriver.LinesOf(20)), new Dictionary<string, string?> { ["Batch:MaxInputBytes"] = "1024" });
        Assert.Equal(("file_too_large", null, null), Single(failed));
    }

    [Fact]
    public async Task An_input_whose_blob_has_gone_fails_the_batch()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), upstream.Address);
        var batch = await driver.CreateAsync(3);
        var blob = batch.InputBlob;
        await driver.Storage.Blobs.GetBlobContainerClient(blob.Container).GetBlobClient(blob.Name).DeleteAsync();
        var failed = await driver.RunToEndAsync(batch);
        Assert.Equal(BatchStatus.Failed, failed.Status);
        Assert.Equal(("input_lost", null, null), Single(failed));
    }

    [Theory]
    [InlineData("\uFEFF", "\n", "\n")]
    [InlineData("", "\r\n", "\r\n")]
    [InlineData("", "\n", "")]
    [InlineData("", "\r\n", "")]
    [InlineData("", "\n\n  \n", "\n\n")]
    [InlineData("\r\n", "\n", "\n \t\n")]
    public async Task What_a_user_would_expect_to_pass_passes(string before, string between, string after)
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), upstream.Address);
        var lines = Enumerable.Range(0, 3).Select(index => BatchDriver.LineOf(index).TrimEnd('\n'));
        var ended = await driver.RunToEndAsync(await driver.CreateAsync(before + string.Join(between, lines) + after));
        Assert.Equal(BatchStatus.Completed, ended.Status);
        await driver.AssertPromiseAsync(ended, 3);
    }

    [Fact]
    public async Task Models_may_be_mixed()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), upstream.Address);
        var ended = await driver.RunToEndAsync(await driver.CreateAsync(
            BatchDriver.LineOf(0) + Other.Replace("scripted", "another", StringComparison.Ordinal)));
        Assert.Equal(BatchStatus.Completed, ended.Status);
        Assert.Equal(2, ended.Counts.Completed);
        Assert.Null(ended.Model);
    }

    private static (string Code, string? Param, int? Line) Single(Batch failed)
    {
        var error = Assert.Single(failed.Errors);
        return (error.Code, error.Param, error.Line);
    }

    /// <summary>Runs a batch that must fail without a call and without leaving anything.</summary>
    private static async Task<Batch> FailAsync(byte[] input, IReadOnlyDictionary<string, string?>? settings = null)
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            upstream.Address,
            settings ?? new Dictionary<string, string?> { ["Batch:MaxLineBytes"] = "1024" });
        var failed = await driver.RunToEndAsync(await driver.CreateAsync(input));
        Assert.Equal(BatchStatus.Failed, failed.Status);
        Assert.NotNull(failed.FailedAt);
        Assert.Null(failed.OutputFileId);
        Assert.Null(failed.ErrorFileId);
        Assert.Equal(0, failed.Counts.Total);
        Assert.Empty(await driver.Chunks.ListAsync(failed.Id, CancellationToken.None).ToListAsync());
        Assert.Empty(upstream.Calls);
        return failed;
    }
}
