using System.Text.Json.Nodes;
using BatchFunctions.Cli;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>How a batch gets on, while it is waited for: as a service says that offers this, and by its counts otherwise.</summary>
public sealed class ProgressShownTests : OtherServiceTest
{
    private readonly long _now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private JsonObject? _progress;
    private int _asked;

    [Fact]
    public async Task What_the_service_says_is_shown_from_the_first_look_on()
    {
        _progress = Progress(lines: 12.4, left: 185, stalledSince: null, upstream: "ok");

        Assert.Contains("in_progress  40/100  12/s  3 min left", await WaitAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_that_has_stalled_says_since_when_by_the_services_clock()
    {
        _progress = Progress(lines: null, left: null, stalledSince: _now - 4_000, upstream: "ok");
        _progress["at"] = _now - 3_700;

        Assert.Contains("in_progress  40/100  nothing for 5 min (since ", await WaitAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upstream_that_is_away_is_named_as_the_reason()
    {
        _progress = Progress(lines: null, left: null, stalledSince: _now - 300, upstream: "away");

        var said = await WaitAsync();

        Assert.Contains("in_progress  40/100  the upstream is away since ", said, StringComparison.Ordinal);
        Assert.Contains("(503)", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_does_not_say_it_is_asked_once()
    {
        Assert.Contains($"in_progress  40/100{Environment.NewLine}", await WaitAsync(), StringComparison.Ordinal);
        Assert.Single(Service.Requests, request => request.EndsWith("/progress", StringComparison.Ordinal));
    }

    private async Task<string> WaitAsync()
    {
        Service.Before = async context =>
        {
            var isProgress = context.Request.Path.Value!.EndsWith("/progress", StringComparison.Ordinal);
            if (isProgress && _progress is null)
            {
                return false;
            }

            await context.Response.WriteAsJsonAsync(isProgress ? _progress : new JsonObject
            {
                ["id"] = "batch_0",
                ["object"] = "batch",
                ["status"] = ++_asked < 4 ? "in_progress" : "completed",
                ["request_counts"] = new JsonObject { ["total"] = 100, ["completed"] = 40, ["failed"] = 0 },
            });
            return true;
        };
        var wait = await Cli.RunAsync("wait", "batch_0");
        wait.AssertExit(ExitCodes.Done);
        return wait.Errors;
    }

    private JsonObject Progress(double? lines, double? left, long? stalledSince, string upstream) => new()
    {
        ["object"] = "batch.progress",
        ["at"] = _now,
        ["lines_per_second"] = lines,
        ["seconds_left"] = left,
        ["stalled_since"] = stalledSince,
        ["upstream"] = new JsonObject { ["status"] = upstream, ["away_since"] = upstream == "away" ? _now - 300 : null, ["reason"] = upstream == "away" ? "503" : null },
        ["samples"] = new JsonArray(),
    };
}
