using System.Text;
using BatchFunctions.Cli;
using BatchFunctions.Cli.Waiting;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>results --follow</c> against other services: what they may do, and what may befall them.</summary>
public sealed class FollowTests : OtherServiceTest
{
    private static readonly byte[] Whole = Encoding.UTF8.GetBytes(string.Concat(
        Enumerable.Range(0, 300).Select(i => $$"""{"custom_id":"{{i}}","response":"{{new string('ä', i)}}"}""" + "\n")));

    private int _published;

    [Fact]
    public async Task AService_that_has_no_results_while_it_runs_is_waited_for()
    {
        var made = await MakeAsync();

        var follow = await Cli.RunAsync("results", made, "--follow");

        follow.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b"], CliDriver.IdsIn(follow.Output));
        Assert.Single(Service.Requests, request => request.EndsWith("/content", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_byte_is_written_once_however_the_file_grows_and_its_connections_break(int seed)
    {
        var luck = new Random(seed);
        Service.Before = async context =>
        {
            switch (luck.Next(8))
            {
                case 0:
                    context.Response.StatusCode = 503;
                    return true;
                case 1:
                    context.Abort();
                    return true;
            }

            if (!IsContent(context))
            {
                _published = Math.Min(Whole.Length, _published + luck.Next(9000));
                await AnswerBatchAsync(context, _published == Whole.Length ? "completed" : "in_progress");
                return true;
            }

            await SendAsync(context, isWhole: luck.Next(8) == 0, isCutOff: luck.Next(3) == 0);
            return true;
        };

        var follow = await Cli.RunAsync("results", "batch_0", "--follow", "-o", Cli.PathOf("results.jsonl"));

        follow.AssertExit(ExitCodes.Done);
        Assert.Equal(Whole, await File.ReadAllBytesAsync(Cli.PathOf("results.jsonl")));
    }

    [Fact]
    public async Task A_file_that_may_not_be_read_yet_is_asked_for_again_and_one_that_is_gone_in_the_end_is_an_error()
    {
        var asked = 0;
        Service.Before = async context =>
        {
            if (!IsContent(context))
            {
                _published = 100;
                await AnswerBatchAsync(context, ++asked < 4 ? "in_progress" : "completed");
            }
            else if (asked == 2)
            {
                await SendAsync(context, isWhole: false, isCutOff: false);
            }
            else
            {
                context.Response.StatusCode = 404;
                await context.Response.WriteAsJsonAsync(new { error = new { message = "No such File object" } });
            }

            return true;
        };

        var follow = await Cli.RunAsync("results", "batch_0", "--follow", "--quiet", "-o", Cli.PathOf("results.jsonl"));

        follow.AssertOneLine(ExitCodes.Refused, "No such File object. (404)", "Batch batch_0 has ended.");
        Assert.Equal(4, asked);
        Assert.Equal(Whole[..100], await File.ReadAllBytesAsync(Cli.PathOf("results.jsonl")));
    }

    [Fact]
    public async Task A_content_that_cannot_be_had_for_long_ends_it_though_the_batch_is_answered()
    {
        Cli.CommandEnvironment = Cli.CommandEnvironment with { Poll = new PollTimes { First = TimeSpan.FromMilliseconds(20), Patience = TimeSpan.Zero } };
        Service.Before = async context =>
        {
            if (IsContent(context))
            {
                context.Response.StatusCode = 502;
            }
            else
            {
                await AnswerBatchAsync(context, "completed");
            }

            return true;
        };

        var follow = await Cli.RunAsync("results", "batch_0", "--follow");

        follow.AssertOneLine(ExitCodes.Refused, "failed (502)", "Batch batch_0 has ended. `batch results batch_0` downloads its results.");
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_told_before_anything_is_asked()
    {
        (await Cli.RunAsync("results", "batch_0", "--follow", "-o", Cli.PathOf("none/results.jsonl"))).AssertOneLine(
            ExitCodes.LocalFile, "The results cannot be written", "Name another file");
        Assert.Empty(Service.Requests);
    }

    private async Task<string> MakeAsync() => (await Cli.RunAsync("run", Cli.WriteRequests("a", "b"), "--no-wait")).Output.TrimEnd();

    private static bool IsContent(HttpContext context) => context.Request.Path.Value!.EndsWith("/content", StringComparison.Ordinal);

    private Task AnswerBatchAsync(HttpContext context, string status) => context.Response.WriteAsJsonAsync(new
    {
        id = "batch_0",
        status,
        output_file_id = _published > 0 || status == "completed" ? "file-0" : null,
        request_counts = new { total = 300, completed = 0, failed = 0 },
    });

    /// <summary>Answers what is published, from where it is asked for, unless ranges are ignored; perhaps half of it.</summary>
    private async Task SendAsync(HttpContext context, bool isWhole, bool isCutOff)
    {
        var from = isWhole ? 0 : (int)(context.Request.GetTypedHeaders().Range?.Ranges.Single().From ?? 0);
        var response = context.Response;
        if (from >= _published)
        {
            response.StatusCode = 416;
            return;
        }

        response.StatusCode = from > 0 ? 206 : 200;
        response.ContentLength = _published - from;
        response.Headers.ContentRange = from > 0 ? $"bytes {from}-{_published - 1}/{_published}" : default;
        var to = isCutOff ? (from + _published) / 2 : _published;
        await response.Body.WriteAsync(Whole.AsMemory(from..to));
        await response.Body.FlushAsync();
        if (isCutOff)
        {
            context.Abort();
        }
    }
}
