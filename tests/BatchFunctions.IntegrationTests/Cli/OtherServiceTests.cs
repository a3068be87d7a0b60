using System.Globalization;
using System.Text.Json;
using BatchFunctions.Cli;
using BatchFunctions.Cli.Waiting;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>The command line against a service that is not this project's, and that is not always well.</summary>
public sealed class OtherServiceTests : OtherServiceTest
{
    [Fact]
    public async Task A_batch_goes_through_where_every_other_request_fails()
    {
        var luck = new Random(Seed: 3);
        Service.Before = context =>
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

        var run = await Cli.RunAsync("run", Cli.WriteRequests("a", "b"), "-o", Cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b"], CliDriver.IdsIn(Cli.Read("results.jsonl")));
        Assert.Equal(1, Service.Batches);
        Assert.True(Service.Requests.Count > 10, "no request has failed");
    }

    [Fact]
    public async Task Everything_that_is_shown_bears_what_aService_leaves_out()
    {
        var run = await Cli.RunAsync("run", Cli.WriteRequests("a"));

        run.AssertExit(ExitCodes.Done);
        Assert.Matches(@"batch_0\s+completed\s+1/1\s+\S.*\s-", (await Cli.RunAsync("list")).Output);
        Assert.Matches(@"Status\s+completed", (await Cli.RunAsync("show", "batch_0")).Output);
    }

    [Fact]
    public async Task A_list_that_does_not_say_whether_there_is_more_is_walked_to_its_end()
    {
        for (var i = 0; i < 130; i++)
        {
            await Cli.RunAsync("run", Cli.WriteRequests("a"), "--no-wait");
        }

        var all = await Cli.RunAsync("list", "--all", "--json");

        Assert.Equal(130, all.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Count());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_the_service_leaves_nothing_out_or_refuses_to_the_command_line_does(bool refuses)
    {
        await Cli.RunAsync("run", Cli.WriteRequests("a"), "--no-wait");
        await Cli.RunAsync("run", Cli.WriteRequests("a"), "--no-wait", "--metadata", "job=nightly");
        Service.Before = context =>
        {
            var isRefused = refuses && context.Request.Query.Keys.Any(name => name is not ("limit" or "after"));
            context.Response.StatusCode = isRefused ? 400 : 200;
            return Task.FromResult(isRefused);
        };

        var list = await Cli.RunAsync("list", "--json", "--metadata", "job=nightly", "--since", "1h");

        list.AssertExit(ExitCodes.Done);
        Assert.Contains("batch_1", Assert.Single(list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AService_that_knows_no_cursor_is_not_walked_for_ever()
    {
        await Cli.RunAsync("run", Cli.WriteRequests("a"), "--no-wait");
        Service.Before = async context =>
        {
            await context.Response.WriteAsync(JsonSerializer.Serialize(new
            {
                has_more = true,
                data = Enumerable.Range(0, 100).Select(i => new { id = $"batch_{i}", status = "completed" }),
            }));
            return true;
        };

        var all = await Cli.RunAsync("list", "--all", "--json");

        all.AssertExit(ExitCodes.Done);
        Assert.Equal(2, Service.Requests.Count(request => request == "GET /v1/batches"));
    }

    [Fact]
    public async Task One_batch_is_made_where_the_answer_to_its_creation_is_lost()
    {
        Service.BeforeEach("POST /v1/batches", 1, async context =>
        {
            await Service.MakeAsync(context);
            context.Abort();
        });

        var run = await Cli.RunAsync("run", Cli.WriteRequests("a"), "-o", Cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(1, Service.Batches);
        Assert.Single(Service.Requests, "POST /v1/batches");
    }

    [Fact]
    public async Task A_creation_that_has_failed_is_asked_for_again()
    {
        Service.BeforeEach("POST /v1/batches", 2, context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });

        var run = await Cli.RunAsync("run", Cli.WriteRequests("a"), "--no-wait");

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(1, Service.Batches);
        Assert.Equal(3, Service.Requests.Count(request => request == "POST /v1/batches"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_download_that_breaks_off_goes_on_from_there(bool ranges)
    {
        string[] ids = [.. Enumerable.Range(0, 20_000).Select(i => i.ToString("D5", CultureInfo.InvariantCulture))];
        var run = await Cli.RunAsync("run", Cli.WriteRequests(ids), "--quiet");
        var whole = (await Cli.RunAsync("results", run.BatchId)).Output;
        var breaks = 0;
        Service.Before = async context =>
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

        var file = await Cli.RunAsync("results", run.BatchId, "-o", Cli.PathOf("results.jsonl"));
        file.AssertExit(ExitCodes.Done);
        Assert.Equal(3, breaks);
        Assert.Equal(whole, Cli.Read("results.jsonl"));
    }

    [Fact]
    public async Task A_download_that_fails_leaves_no_half_file()
    {
        var run = await Cli.RunAsync("run", Cli.WriteRequests("a"), "--quiet");
        var results = Cli.Write("results.jsonl", "of an earlier batch");
        Service.Before = context =>
        {
            context.Response.StatusCode = 404;
            return Task.FromResult(context.Request.Path.Value!.EndsWith("/content", StringComparison.Ordinal));
        };

        var download = await Cli.RunAsync("results", run.BatchId, "-o", results);

        download.AssertExit(ExitCodes.Refused);
        Assert.False(Cli.Has("results.jsonl.part"));
        Assert.Equal("of an earlier batch", Cli.Read("results.jsonl").TrimEnd());
    }

    [Fact]
    public async Task Waiting_outlasts_aService_that_does_not_answer_for_a_while()
    {
        Service.BeforeEach("GET /v1/batches/batch_0", 12, context =>
        {
            context.Response.StatusCode = 502;
            return Task.CompletedTask;
        });

        var run = await Cli.RunAsync("run", Cli.WriteRequests("a"), "-o", Cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Contains("no answer from the service for", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_ends_when_theService_has_not_answered_for_long_and_says_how_to_go_on()
    {
        Cli.CommandEnvironment = Cli.CommandEnvironment with { Poll = new PollTimes { First = TimeSpan.FromMilliseconds(20), Patience = TimeSpan.Zero } };
        Service.BeforeEach("GET /v1/batches/batch_0", int.MaxValue, context =>
        {
            context.Response.StatusCode = 502;
            return Task.CompletedTask;
        });

        var run = await Cli.RunAsync("run", Cli.WriteRequests("a"), "--quiet", "-o", Cli.PathOf("results.jsonl"), "--base-url", Service.BaseUrl.ToString());

        run.AssertExit(ExitCodes.Refused);
        Assert.Contains(
            $"`batch wait batch_0 -o {Cli.PathOf("results.jsonl")} --base-url {Service.BaseUrl}` resumes waiting", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_stops_working_ends_the_wait_at_once()
    {
        Service.BeforeEach("GET /v1/batches/batch_0", int.MaxValue, async context =>
        {
            context.Response.StatusCode = 401;
            await context.Response.WriteAsJsonAsync(new { error = new { message = "Key revoked" } });
        });

        var run = await Cli.RunAsync("run", Cli.WriteRequests("a"), "--quiet");

        run.AssertExit(ExitCodes.Refused);
        Assert.Contains("rejects the key (401): Key revoked. Check OPENAI_API_KEY", run.Errors, StringComparison.Ordinal);
        Assert.Single(Service.Requests, "GET /v1/batches/batch_0");
    }

    [Fact]
    public async Task Key_and_organisation_go_with_each_request_as_officialClients_send_them()
    {
        Cli.Set("OPENAI_ORG_ID", "org-1");
        Cli.Set("OPENAI_PROJECT_ID", "proj_1");

        await Cli.RunAsync("list");

        Assert.Equal("Bearer sk-other", Service.LastHeaders.Authorization);
        Assert.Equal("org-1", Service.LastHeaders["OpenAI-Organization"]);
        Assert.Equal("proj_1", Service.LastHeaders["OpenAI-Project"]);
        Assert.StartsWith("batch/", Service.LastHeaders.UserAgent.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_file_stands_above_the_variable()
    {
        await Cli.RunAsync("list", "--api-key-file", Cli.Write("key", "sk-of-the-file"));

        Assert.Equal("Bearer sk-of-the-file", Service.LastHeaders.Authorization);
    }
}
