using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BatchFunctions.Cli;
using BatchFunctions.Cli.Api;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>What a person can meet: each is one line that says what happened and what to do.</summary>
public sealed class WordsTests : OtherServiceTest
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public async Task No_key(string? key)
    {
        Cli.Set("OPENAI_API_KEY", key);

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Usage, "There is no API key", "set OPENAI_API_KEY", "--api-key-file");
        Assert.Empty(Service.Requests);
    }

    [Fact]
    public async Task A_key_that_no_header_bears()
    {
        Cli.Set("OPENAI_API_KEY", "sk-a\nsk-b");

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Usage, "characters that no key has", "copy it again");
    }

    [Fact]
    public async Task A_key_file_that_is_not_there() =>
        (await Cli.RunAsync("list", "--api-key-file", Cli.PathOf("none"))).AssertOneLine(ExitCodes.Usage, "The key file cannot be read", "--api-key-file");

    [Theory]
    [InlineData("nowhere")]
    [InlineData("localhost:7071/v1")]
    [InlineData("ftp://127.0.0.1/v1")]
    public async Task An_address_that_is_none(string address)
    {
        Cli.Set("OPENAI_BASE_URL", address);

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Usage, $"'{address}' is no address", "OPENAI_BASE_URL", "http://127.0.0.1:7071/v1");
    }

    [Fact]
    public async Task Nobody_there()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var free = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        Cli.Set("OPENAI_BASE_URL", $"http://127.0.0.1:{free}/v1");

        (await Cli.RunAsync("list")).AssertOneLine(
            ExitCodes.Refused, $"Nothing answers at http://127.0.0.1:{free}/v1 (Connection refused)", "is the service running?", "OPENAI_BASE_URL");
    }

    [Fact]
    public async Task A_name_that_nobody_knows()
    {
        Cli.Set("OPENAI_BASE_URL", "http://batch.invalid/v1");

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Refused, "The host name batch.invalid cannot be resolved", "OPENAI_BASE_URL");
    }

    [Fact]
    public async Task A_secure_address_where_there_is_no_secureService()
    {
        Cli.Set("OPENAI_BASE_URL", Service.BaseUrl.ToString().Replace("http:", "https:", StringComparison.Ordinal));

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Refused, "There is no secure connection", "https though the service speaks http");
    }

    [Fact]
    public async Task AService_that_never_answers()
    {
        Cli.CommandEnvironment = Cli.CommandEnvironment with
        {
            Times = new ApiTimes { Silence = TimeSpan.FromMilliseconds(200), FirstDelay = TimeSpan.FromMilliseconds(10), Retries = 1 },
        };
        Service.Before = async context =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Refused, "does not answer in time", "try again later");
        Assert.Equal(2, Service.Requests.Count);
    }

    [Theory]
    [InlineData(401, "Incorrect API key provided: sk-o**.", "rejects the key (401): Incorrect API key provided: sk-o**.", "Check OPENAI_API_KEY")]
    [InlineData(403, "Country not supported", "not allowed to do this (403): Country not supported.", "another key")]
    [InlineData(400, "Invalid limit", "Invalid limit. (400)", "")]
    [InlineData(404, "Invalid URL (GET /v1/batches)", "has no OpenAI-compatible Batch API (404: Invalid URL (GET /v1/batches))", "OPENAI_BASE_URL")]
    [InlineData(405, "Method Not Allowed", "has no OpenAI-compatible Batch API (405", "OPENAI_BASE_URL")]
    [InlineData(500, "Oops\nover two lines", "failed (500): Oops over two lines. Try again later (x-request-id: req_1).", "")]
    public async Task A_refusal_in_the_envelope(int status, string message, string said, string remedy)
    {
        Service.Before = async context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers["x-request-id"] = "req_1";
            await context.Response.WriteAsJsonAsync(new { error = new { message, type = "x", param = (string?)null, code = (string?)null } });
            return true;
        };

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Refused, said, remedy);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("show", "batch_0")]
    [InlineData("errors", "batch_0")]
    [InlineData("webhooks", "list")]
    [InlineData("wait", "batch_0")]
    [InlineData("cancel", "batch_0")]
    public async Task Words_of_others_do_not_steer_the_terminal(params string[] command)
    {
        const string Odd = "\u001b[2J\u009b2J\u0007x";
        var error = new { code = Odd, message = Odd, line = 1 };
        var batch = new { id = "batch_0", status = "failed", model = Odd, endpoint = Odd, metadata = new Dictionary<string, string> { [Odd] = Odd }, errors = new { data = new[] { error } } };
        Service.Before = async context =>
        {
            var path = context.Request.Path.Value!;
            context.Response.StatusCode = context.Request.Method == "POST" ? 400 : path.EndsWith("/errors", StringComparison.Ordinal) ? 404 : 200;
            object answer = context.Response.StatusCode != 200 ? new { error }
                : path.EndsWith("/batches", StringComparison.Ordinal) ? new { data = new[] { batch } }
                : path.EndsWith("/webhooks", StringComparison.Ordinal) ? new { data = new[] { new { id = "webhook_0", url = Odd, events = new[] { Odd }, name = Odd, status = "disabled", disabled_reason = Odd } } }
                : batch;
            await context.Response.WriteAsJsonAsync(answer);
            return true;
        };

        var run = await Cli.RunAsync(command);

        Assert.Contains('x', run.Output + run.Errors);
        Assert.All(run.Output + run.Errors, character => Assert.True(character == '\n' || !char.IsControl(character), $"U+{(int)character:X4} in {run.Output}{run.Errors}"));
    }

    [Fact]
    public async Task A_refusal_that_every_key_gets_asks_for_no_other_key()
    {
        Service.Before = async context =>
        {
            context.Response.StatusCode = 403;
            await context.Response.WriteAsJsonAsync(new { error = new { message = "This service sends no events.", code = "webhooks_disabled" } });
            return true;
        };

        var refused = await Cli.RunAsync("webhooks", "add", "https://example.com/");

        refused.AssertOneLine(ExitCodes.Refused, "This service sends no events. (403)");
        Assert.DoesNotContain("OPENAI_API_KEY", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_whose_words_are_no_text_is_one_without_words()
    {
        Service.Before = async context =>
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync("""{"error":{"message":"\ud800"}}""");
            return true;
        };

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Refused, "The service refused without a reason. (400)");
    }

    [Fact]
    public async Task A_refusal_whose_words_do_not_come_is_one_without_words()
    {
        Cli.CommandEnvironment = Cli.CommandEnvironment with { Times = new ApiTimes { Silence = TimeSpan.FromMilliseconds(200) } };
        Service.Before = async context =>
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync("""{"error":""");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Refused, "The service refused without a reason. (400)");
    }

    [Theory]
    [InlineData("usage")]
    [InlineData("limits")]
    [InlineData("webhooks", "list")]
    [InlineData("webhooks", "deliveries")]
    public async Task An_operation_that_only_this_service_has(params string[] arguments)
    {
        Answer(404, "application/json", """{"error":{"message":"Invalid URL (GET /v1/…)","type":"invalid_request_error","param":null,"code":null}}""");

        (await Cli.RunAsync(arguments)).AssertOneLine(ExitCodes.Refused, "has no operation for this (404: Invalid URL", "a BatchFunctions service has");
    }

    [Fact]
    public async Task A_parameter_that_the_message_does_not_name()
    {
        Service.BeforeEach("POST /v1/batches", 1, async context =>
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsJsonAsync(new { error = new { message = "Value not allowed.", param = "completion_window" } });
        });

        (await Cli.RunAsync("run", Cli.WriteRequests("a"), "--quiet")).AssertOneLine(ExitCodes.Refused, "Value not allowed (completion_window). (400)");
    }

    [Fact]
    public async Task An_id_that_the_service_does_not_know()
    {
        (await Cli.RunAsync("show", "batch_none")).AssertOneLine(ExitCodes.Refused, "no such thing. (404)", "`batch list` shows");

        foreach (var command in new[] { "wait batch_none", "results batch_none --follow" })
        {
            var run = await Cli.RunAsync([.. command.Split(' '), "-o", Cli.PathOf("results.jsonl")]);

            run.AssertOneLine(ExitCodes.Refused, "no such thing. (404)", "`batch list` shows");
            Assert.DoesNotContain("batch cancel", run.Errors, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(200, "text/html", "<html>Welcome</html>", "a web page")]
    [InlineData(200, "text/plain", "OK", "something else (text/plain)")]
    [InlineData(200, "application/json", "{\"data\":[{}]}", "something else (application/json)")]
    public async Task An_address_of_something_else(int status, string type, string body, string said)
    {
        Answer(status, type, body);

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Refused, "does not answer as an OpenAI-compatible API", said, "OPENAI_BASE_URL");
    }

    [Fact]
    public async Task A_web_page_that_says_404()
    {
        Answer(404, "text/html", "<html>Not found</html>");

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Refused, "has no OpenAI-compatible Batch API (404)", "OPENAI_BASE_URL", "/v1");
    }

    [Fact]
    public async Task AService_that_has_moved()
    {
        Service.Before = context =>
        {
            context.Response.Redirect("https://elsewhere.example/v1/batches");
            return Task.FromResult(true);
        };

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Refused, "has moved to https://elsewhere.example/v1/batches", "set OPENAI_BASE_URL");
    }

    [Fact]
    public async Task Too_much_to_do_for_longer_than_anybody_waits()
    {
        Service.Before = async context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = 3600.ToString(CultureInfo.InvariantCulture);
            await context.Response.WriteAsJsonAsync(new { error = new { message = "Rate limit reached" } });
            return true;
        };

        (await Cli.RunAsync("list")).AssertOneLine(ExitCodes.Refused, "limits this key (429): Rate limit reached.", "Try again later");
        Assert.Single(Service.Requests);
    }

    [Fact]
    public async Task A_file_that_is_too_large_for_one_request()
    {
        Answer(413, "text/html", "<html>nginx</html>");

        (await Cli.RunAsync("run", Cli.WriteRequests("a"), "--quiet")).AssertOneLine(ExitCodes.Refused, "(413)", "--parts");
    }

    [Theory]
    [InlineData(60_000, true)]
    [InlineData(1, false)]
    public async Task A_file_that_is_too_large_for_the_functions_host(int lines, bool isLarge)
    {
        Service.Before = context =>
        {
            context.Response.StatusCode = 500;
            context.Response.Headers["x-should-retry"] = "false";
            return Task.FromResult(true);
        };

        var run = await Cli.RunAsync("run", Cli.WriteRequests([.. Enumerable.Range(0, lines).Select(line => $"{line:D100}")]), "--quiet");

        run.AssertOneLine(ExitCodes.Refused, "(500)");
        Assert.Equal(isLarge, run.Errors.Contains("--parts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_input_that_is_not_there()
    {
        var run = await Cli.RunAsync("run", Cli.PathOf("none.jsonl"));

        run.AssertExit(ExitCodes.Usage);
        Assert.Contains($"File does not exist: '{Cli.PathOf("none.jsonl")}'", run.Errors, StringComparison.Ordinal);

        var folder = Path.GetDirectoryName(Cli.PathOf("none.jsonl"))!;
        foreach (var command in new[] { "run", "check" })
        {
            var inFolder = await Cli.RunAsync(command, folder);
            inFolder.AssertExit(ExitCodes.Usage);
            Assert.Contains($"{folder} is a folder: name a file of requests.", inFolder.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_input_that_is_empty()
    {
        await File.WriteAllTextAsync(Cli.PathOf("empty.jsonl"), "");

        (await Cli.RunAsync("run", Cli.PathOf("empty.jsonl"))).AssertOneLine(ExitCodes.Usage, "empty.jsonl is empty", "one request a line");
    }

    [Fact]
    public async Task An_input_that_is_something_else_than_requests_a_line()
    {
        (await Cli.RunAsync("run", Cli.Write("requests.jsonl", "[]"), "--endpoint", "/v1/embeddings")).AssertOneLine(
            ExitCodes.Usage, "requests.jsonl is no JSONL: the file is a JSON array.", "one JSON object a line");
        Assert.Empty(Service.Requests);
    }

    [Theory]
    [InlineData("rubbish")]
    [InlineData("\"rubbish\"")]
    [InlineData("""{"custom_id":"a","url":3}""")]
    public async Task A_first_line_that_names_no_endpoint(string line) =>
        (await Cli.RunAsync("run", Cli.Write("requests.jsonl", line))).AssertOneLine(
            ExitCodes.Usage, "The first line of requests.jsonl is no request with a url", "--endpoint /v1/chat/completions");

    [Fact]
    public async Task Results_that_cannot_be_written_are_told_before_anything_is_sent()
    {
        var input = Cli.WriteRequests("a");

        (await Cli.RunAsync("run", input, "-o", Cli.PathOf("none/results.jsonl"))).AssertOneLine(ExitCodes.LocalFile, "The results cannot be written", "Name another file");
        (await Cli.RunAsync("run", input, "-o", Path.GetDirectoryName(input)!)).AssertOneLine(ExitCodes.LocalFile, "is a folder", "name a file");
        (await Cli.RunAsync("wait", "batch_0", "-o", Cli.PathOf("none/results.jsonl"))).AssertOneLine(ExitCodes.LocalFile, "The results cannot be written", "Name another file");
        Assert.Empty(Service.Requests);
    }

    [Theory]
    [InlineData("--limit must be 1 or more", "list", "--limit", "0")]
    [InlineData("'x' is not metadata", "run", "INPUT", "--metadata", "x")]
    [InlineData("Either the results or the batch", "wait", "batch_0", "-o", "-", "--json")]
    [InlineData("Required argument missing", "show")]
    [InlineData("Unrecognized command", "nonsense")]
    [InlineData("Required command was not provided", "webhooks")]
    [InlineData("Option '--project' is required", "keys", "add")]
    public async Task A_command_that_is_none(string said, params string[] arguments)
    {
        var input = Cli.WriteRequests("a");

        var run = await Cli.RunAsync([.. arguments.Select(argument => argument == "INPUT" ? input : argument)]);

        run.AssertExit(ExitCodes.Usage);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
        Assert.Empty(Service.Requests);
    }

    [Fact]
    public async Task What_a_wrong_command_should_be_is_in_the_help_that_is_named()
    {
        var wrong = await Cli.RunAsync("webhooks", "deliveries", "--limit", "0");
        var missing = await Cli.RunAsync("webhooks");

        Assert.Contains("webhooks deliveries --help` shows how it is used.", wrong.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Usage:", wrong.Errors, StringComparison.Ordinal);
        Assert.Contains("resend", missing.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_help_says_how_large_a_part_is()
    {
        var help = await Cli.RunAsync("run", "--help");

        var words = string.Join(' ', help.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"parts of {new CommandEnvironment().PartBytes / 1_000_000} MB ", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_exit_code_is_in_the_help()
    {
        var help = await Cli.RunAsync("--help");

        Assert.All(
            typeof(ExitCodes).GetFields().Where(field => field.FieldType == typeof(int)),
            code => Assert.Contains($"\n    {code.GetRawConstantValue(),-3}  ", help.Output, StringComparison.Ordinal));
    }

    private void Answer(int status, string type, string body) =>
        Service.Before = async context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            await context.Response.WriteAsync(body);
            return true;
        };
}
