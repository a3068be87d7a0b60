using System.Globalization;
using System.Text.Json;
using BatchFunctions.Cli;
using BatchFunctions.Cli.Waiting;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>The command line against a service that is not this project's, and that is not always well.</summary>
public sealed class OtherServiceTests : IAsyncLifetime
{
    private OtherService _service = null!;
    private CliDriver _cli = null!;

    public async Task InitializeAsync()
    {
        _service = await OtherService.StartAsync();
        _cli = new CliDriver(_service.BaseUrl, "sk-other");
    }

    public async Task DisposeAsync()
    {
        _cli.Dispose();
        await _service.DisposeAsync();
    }

    [Fact]
    public async Task A_batch_goes_through_where_every_other_request_fails()
    {
        var luck = new Random(Seed: 3);
        _service.Before = context =>
        {
            switch (luck.Next(4))
            {
                case 0:
                    context.Response.StatusCode = 500;
                    return Task.FromResult(true);
                case 1:
                    context.Abort();
                    return Task.FromResult(true);
                default:
                    return Task.FromResult(false);
            }
        };

        var run = await _cli.RunAsync("run", _cli.WriteRequests("a", "b"), "-o", _cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b"], CliDriver.IdsIn(_cli.Read("results.jsonl")));
        Assert.Equal(1, _service.Batches);
        Assert.True(_service.Requests.Count > 10, "no request has failed");
    }

    [Fact]
    public async Task Everything_that_is_shown_bears_what_a_service_leaves_out()
    {
        var run = await _cli.RunAsync("run", _cli.WriteRequests("a"));

        run.AssertExit(ExitCodes.Done);
        Assert.Matches(@"batch_0\s+completed\s+1/1\s+\S.*\s-", (await _cli.RunAsync("list")).Output);
        Assert.Matches(@"Status\s+completed", (await _cli.RunAsync("show", "batch_0")).Output);
    }

    [Fact]
    public async Task A_list_that_does_not_say_whether_there_is_more_is_walked_to_its_end()
    {
        for (var i = 0; i < 130; i++)
        {
            await _cli.RunAsync("run", _cli.WriteRequests("a"), "--no-wait");
        }

        var all = await _cli.RunAsync("list", "--all", "--json");

        Assert.Equal(130, all.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Count());
    }

    [Fact]
    public async Task A_service_that_knows_no_cursor_is_not_walked_for_ever()
    {
        await _cli.RunAsync("run", _cli.WriteRequests("a"), "--no-wait");
        _service.Before = async context =>
        {
            await context.Response.WriteAsync(JsonSerializer.Serialize(new
            {
                has_more = true,
                data = Enumerable.Range(0, 100).Select(i => new { id = $"batch_{i}", status = "completed" }),
            }));
            return true;
        };

        var all = await _cli.RunAsync("list", "--all", "--json");

        all.AssertExit(ExitCodes.Done);
        Assert.Equal(2, _service.Requests.Count(request => request == "GET /v1/batches"));
    }

    [Fact]
    public async Task One_batch_is_made_where_the_answer_to_its_creation_is_lost()
    {
        _service.BeforeEach("POST /v1/batches", 1, async context =>
        {
            await _service.MakeAsync(context);
            context.Abort();
        });

        var run = await _cli.RunAsync("run", _cli.WriteRequests("a"), "-o", _cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(1, _service.Batches);
        Assert.Single(_service.Requests, "POST /v1/batches");
    }

    [Fact]
    public async Task A_creation_that_has_failed_is_asked_for_again()
    {
        _service.BeforeEach("POST /v1/batches", 2, context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });

        var run = await _cli.RunAsync("run", _cli.WriteRequests("a"), "--no-wait");

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(1, _service.Batches);
        Assert.Equal(3, _service.Requests.Count(request => request == "POST /v1/batches"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_download_that_breaks_off_goes_on_from_there(bool ranges)
    {
        string[] ids = [.. Enumerable.Range(0, 20_000).Select(i => i.ToString("D5", CultureInfo.InvariantCulture))];
        var run = await _cli.RunAsync("run", _cli.WriteRequests(ids), "--quiet");
        var whole = (await _cli.RunAsync("results", run.BatchId)).Output;
        var breaks = 0;
        _service.Before = async context =>
        {
            if (!context.Request.Path.Value!.EndsWith("/content", StringComparison.Ordinal))
            {
                return false;
            }

            var from = ranges ? (int)(context.Request.GetTypedHeaders().Range?.Ranges.Single().From ?? 0) : 0;
            context.Response.StatusCode = from > 0 ? 206 : 200;
            context.Response.ContentLength = whole.Length - from;
            context.Response.Headers.ContentRange = from > 0 ? $"bytes {from}-{whole.Length - 1}/{whole.Length}" : default;
            var to = ++breaks < 3 ? breaks * whole.Length / 3 : whole.Length;
            await context.Response.WriteAsync(whole[from..to]);
            await context.Response.Body.FlushAsync();
            if (to < whole.Length)
            {
                context.Abort();
            }

            return true;
        };

        var file = await _cli.RunAsync("results", run.BatchId, "-o", _cli.PathOf("results.jsonl"));
        file.AssertExit(ExitCodes.Done);
        Assert.Equal(3, breaks);
        Assert.Equal(whole, _cli.Read("results.jsonl"));
    }

    [Fact]
    public async Task A_download_that_fails_leaves_no_half_file()
    {
        var run = await _cli.RunAsync("run", _cli.WriteRequests("a"), "--quiet");
        var results = _cli.Write("results.jsonl", "of an earlier batch");
        _service.Before = context =>
        {
            context.Response.StatusCode = 404;
            return Task.FromResult(context.Request.Path.Value!.EndsWith("/content", StringComparison.Ordinal));
        };

        var download = await _cli.RunAsync("results", run.BatchId, "-o", results);

        download.AssertExit(ExitCodes.Refused);
        Assert.False(_cli.Has("results.jsonl.part"));
        Assert.Equal("of an earlier batch", _cli.Read("results.jsonl").TrimEnd());
    }

    [Fact]
    public async Task Waiting_outlasts_a_service_that_does_not_answer_for_a_while()
    {
        _service.BeforeEach("GET /v1/batches/batch_0", 12, context =>
        {
            context.Response.StatusCode = 502;
            return Task.CompletedTask;
        });

        var run = await _cli.RunAsync("run", _cli.WriteRequests("a"), "-o", _cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Contains("no answer from the service for", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_ends_when_the_service_has_not_answered_for_long_and_says_how_to_go_on()
    {
        _cli.Surroundings = _cli.Surroundings with { Poll = new PollTimes { First = TimeSpan.FromMilliseconds(20), Patience = TimeSpan.Zero } };
        _service.BeforeEach("GET /v1/batches/batch_0", int.MaxValue, context =>
        {
            context.Response.StatusCode = 502;
            return Task.CompletedTask;
        });

        var run = await _cli.RunAsync("run", _cli.WriteRequests("a"), "--quiet", "-o", _cli.PathOf("results.jsonl"), "--base-url", _service.BaseUrl.ToString());

        run.AssertExit(ExitCodes.Refused);
        Assert.Contains(
            $"`batch wait batch_0 -o {_cli.PathOf("results.jsonl")} --base-url {_service.BaseUrl}` resumes waiting", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_stops_working_ends_the_wait_at_once()
    {
        _service.BeforeEach("GET /v1/batches/batch_0", int.MaxValue, async context =>
        {
            context.Response.StatusCode = 401;
            await context.Response.WriteAsJsonAsync(new { error = new { message = "Key revoked" } });
        });

        var run = await _cli.RunAsync("run", _cli.WriteRequests("a"), "--quiet");

        run.AssertExit(ExitCodes.Refused);
        Assert.Contains("rejects the key (401): Key revoked. Check OPENAI_API_KEY", run.Errors, StringComparison.Ordinal);
        Assert.Single(_service.Requests, "GET /v1/batches/batch_0");
    }

    [Fact]
    public async Task Key_and_organisation_go_with_each_request_as_official_clients_send_them()
    {
        _cli.Set("OPENAI_ORG_ID", "org-1");
        _cli.Set("OPENAI_PROJECT_ID", "proj_1");

        await _cli.RunAsync("list");

        Assert.Equal("Bearer sk-other", _service.LastHeaders.Authorization);
        Assert.Equal("org-1", _service.LastHeaders["OpenAI-Organization"]);
        Assert.Equal("proj_1", _service.LastHeaders["OpenAI-Project"]);
        Assert.StartsWith("batch/", _service.LastHeaders.UserAgent.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_file_stands_above_the_variable()
    {
        await _cli.RunAsync("list", "--api-key-file", _cli.Write("key", "sk-of-the-file"));

        Assert.Equal("Bearer sk-of-the-file", _service.LastHeaders.Authorization);
    }
}
