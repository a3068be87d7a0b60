using System.IO.Compression;
using System.Text;
using System.Text.Json;
using BatchFunctions.Cli;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>batch check</c>: nobody is asked, and nothing is sent.</summary>
public sealed class CheckTests : IDisposable
{
    private readonly CliDriver _cli = new(new Uri("http://127.0.0.1:9/v1"), null);

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task A_valid_file_is_told_by_lines_models_tokens_and_price()
    {
        var file = _cli.Write("day.jsonl", LineOf("a", "gpt-4o-mini"), LineOf("b", "gpt-4o-mini"), LineOf("c", "llama"), LineOf("d", "gpt-4"));

        var check = await _cli.RunAsync("check", file, "--price-input", "2000", "--price-input", "gpt-4o-mini=150000");

        check.AssertOneLine(ExitCodes.Done, "day.jsonl is valid: 4 lines for /v1/chat/completions.");
        Assert.Matches(@"Lines\s+4\s", check.Output);
        Assert.Matches(@"Endpoint\s+/v1/chat/completions\s", check.Output);
        Assert.Matches(@"Tokens\s+27 of input, and about 9 more, an estimate", check.Output);
        Assert.Matches(@"MODEL\s+LINES\s+TOKENS\s+COUNTED BY\s+PRICE", check.Output);
        Assert.Matches(@"gpt-4o-mini\s+2\s+18\s+o200k_base\s+2\.70", check.Output);
        Assert.Matches(@"gpt-4 \s+1\s+9\s+cl100k_base\s+0\.018", check.Output);
        Assert.Matches(@"llama\s+1\s+about 9\s+estimate\s+0\.018", check.Output);
        Assert.Matches(@"total\s+4\s+about 36\s+2\.74", check.Output);
    }

    [Fact]
    public async Task Every_fault_of_every_line_is_named()
    {
        var file = _cli.Write("day.jsonl", [LineOf("a"), .. Enumerable.Repeat("{}", 200), LineOf("a"), "no JSON"]);

        var check = await _cli.RunAsync("check", file);

        check.AssertOneLine(ExitCodes.BatchFailed, "day.jsonl would be refused: 802 faults, 202 lines of 203 wrong.");
        var lines = check.Output.Split('\n');
        Assert.Equal("line 2: Missing required parameter: 'custom_id'. (missing_required_parameter)", lines[0]);
        Assert.Equal("line 203: This line is not parseable as valid JSON. (invalid_json_line)", lines[801]);
        Assert.DoesNotContain("PRICE", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_file_is_checked_as_what_it_holds()
    {
        var file = _cli.PathOf("day.jsonl.gz");
        await using (var packed = new GZipStream(File.Create(file), CompressionLevel.Fastest))
        {
            await packed.WriteAsync(Encoding.UTF8.GetBytes($"{LineOf("a")}\n{{}}\n"));
        }

        var check = await _cli.RunAsync("check", file);

        check.AssertOneLine(ExitCodes.BatchFailed, "day.jsonl.gz would be refused: 4 faults, 1 line of 2 wrong.");
        Assert.StartsWith("line 2: Missing required parameter: 'custom_id'.", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_are_told_a_fault_a_line_and_the_counts_at_the_end()
    {
        var file = _cli.Write("day.jsonl", LineOf("a"), LineOf("b").Replace("POST", "GET", StringComparison.Ordinal));

        var check = await _cli.RunAsync("check", file, "--json", "--price-input", "1000000");

        check.AssertExit(ExitCodes.BatchFailed);
        var lines = check.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(2, lines.Count);
        Assert.Equal((2, "invalid_method", "method"), (lines[0].GetProperty("line").GetInt32(), lines[0].GetProperty("code").GetString(), lines[0].GetProperty("param").GetString()));
        Assert.Equal((false, 2, 1, 9m), (lines[1].GetProperty("valid").GetBoolean(), lines[1].GetProperty("lines").GetInt32(), lines[1].GetProperty("wrong_lines").GetInt32(), lines[1].GetProperty("input_price").GetDecimal()));
    }

    [Theory]
    [InlineData("0,15")]
    [InlineData("=1")]
    [InlineData("gpt-4o=")]
    [InlineData("-1")]
    public async Task What_is_no_price_is_told(string price)
    {
        var check = await _cli.RunAsync("check", _cli.Write("day.jsonl", LineOf("a")), "--price-input", price);

        Assert.Equal(ExitCodes.Usage, check.ExitCode);
        Assert.Contains($"'{price}' is no price: give --price-input 0.15", check.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_JSONL_is_told_as_by_the_command_that_would_send_it()
    {
        var array = _cli.Write("day.json", "[", LineOf("a"), "]");

        var check = await _cli.RunAsync("check", array);
        var run = await _cli.RunAsync("run", array);

        check.AssertOneLine(ExitCodes.Usage, "day.json is no JSONL");
        Assert.Equal(run.Errors, check.Errors);
        (await _cli.RunAsync("check", _cli.Write("no-url.jsonl", "{}"))).AssertOneLine(ExitCodes.Usage, "--endpoint");
        (await _cli.RunAsync("check", _cli.PathOf("no-url.jsonl"), "--endpoint", "/v1/embeddings")).AssertOneLine(ExitCodes.BatchFailed, "4 faults");
    }

    [Fact]
    public async Task It_needs_no_service_and_no_key()
    {
        using var process = CliProcess.Start(new Uri("http://127.0.0.1:9/v1"), "", "check", _cli.Write("day.jsonl", LineOf("a")));

        var check = await process.EndAsync();

        check.AssertOneLine(ExitCodes.Done, "day.jsonl is valid: 1 line");
        Assert.DoesNotContain('\u001b', check.Output);
    }

    private static string LineOf(string id, string model = "gpt-4o") => JsonSerializer.Serialize(
        new { custom_id = id, method = "POST", url = "/v1/chat/completions", body = new { model, messages = new[] { new { role = "user", content = "hello world" } } } });
}
