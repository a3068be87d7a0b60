using System.Text;
using BatchFunctions.Batches;
using BatchFunctions.Processing;
using BatchFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>The latest lines of a batch, as they come while it runs.</summary>
public sealed class LatestLinesTests : PageTest
{
    private ILocator Rows => Driver.Page.Locator("#batch-latest tbody tr");

    [Fact]
    public async Task Lines_are_shown_as_they_come_and_what_there_is_so_far_is_downloaded()
    {
        var gates = new[] { "b", "c" }.ToDictionary(marker => marker, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Driver.Upstream.Answer(call => call.Marker switch
        {
            "a" => ScriptedAnswer.Chat("It rains."),
            "b" => ScriptedAnswer.Error(400, "No such words.").After(gates["b"].Task),
            _ => ScriptedAnswer.Chat("It snows.").After(gates["c"].Task),
        });
        var id = await Driver.CreateAsync(string.Concat(new[] { "a", "b", "c" }.Select(PageDriver.LineOf)));
        await Driver.OpenAsync($"#/batches/{id}");
        await Expect(Rows).ToHaveTextAsync(["a200It rains."]);
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("In progress");

        var output = (await Driver.UntilAsync(id, "in_progress")).GetProperty("output_file_id").GetString()!;
        var soFar = await Driver.Page.RunAndWaitForDownloadAsync(
            () => Driver.Button($"Download so far: output file batch_{id["batch_".Length..]}_output.jsonl").ClickAsync());
        var early = await File.ReadAllTextAsync(await soFar.PathAsync());
        Assert.Contains("It rains.", early, StringComparison.Ordinal);

        gates["b"].SetResult();
        await Expect(Rows).ToHaveTextAsync(["b400No such words.", "a200It rains."]);
        await Expect(Driver.Page.Locator("#batch-failures summary")).ToHaveTextAsync(["1 400 scripted No such words."]);

        gates["c"].SetResult();
        await Expect(Rows).ToHaveTextAsync(["c200It snows.", "b400No such words.", "a200It rains."]);
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");
        await Expect(Driver.Button($"Download output file batch_{id["batch_".Length..]}_output.jsonl")).ToBeVisibleAsync();
        Assert.StartsWith(early, Encoding.UTF8.GetString(await Driver.ContentAsync(output)), StringComparison.Ordinal);
        await Driver.Page.ReloadAsync();
        await Expect(Driver.Page.Locator("#batch-failures summary")).ToHaveCountAsync(1);
        await Expect(Rows).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Of_many_and_of_long_lines_the_latest_are_shown_as_far_as_a_preview_needs()
    {
        var batch = await RunningAsync();
        await PublishedResults.PublishAsync(Driver, batch, ResultFile.Output, [.. Enumerable.Range(1, 90).Select(i => PublishedResults.Answered($"row-{i}", "Short."))]);
        await Driver.OpenAsync(batch);
        await Expect(Rows).ToHaveTextAsync([.. Enumerable.Range(71, 20).Reverse().Select(i => $"row-{i}200Short.")]);

        await PublishedResults.PublishAsync(Driver, batch, ResultFile.Output, PublishedResults.Answered("long", new string('x', 900_000)));
        await Expect(Rows.First).ToHaveTextAsync("long200Too long to be shown here");
        await Expect(Rows).ToHaveCountAsync(20);
        await PublishedResults.PublishAsync(
            Driver, batch, ResultFile.Output, PublishedResults.Answered("row-92", "Short."), PublishedResults.Answered("row-93", "Short again."));
        await Expect(Rows.First).ToHaveTextAsync("row-93200Short again.");
    }

    [Fact]
    public async Task Lines_are_asked_for_only_when_the_batch_has_moved()
    {
        var polls = 0;
        var reads = 0;
        Driver.Page.Request += (_, request) =>
        {
            polls += request.Url.Contains("/v1/batches/", StringComparison.Ordinal) ? 1 : 0;
            reads += request.Url.Contains("/content", StringComparison.Ordinal) ? 1 : 0;
        };
        var batch = await RunningAsync();
        await PublishedResults.PublishAsync(Driver, batch, ResultFile.Output, PublishedResults.Answered("a", "First."));
        await Driver.OpenAsync(batch);
        await Expect(Rows).ToHaveCountAsync(1);

        await Eventually.UntilAsync(() => polls >= 3, "the batch has been asked for again");
        Assert.Equal(2, reads);
    }

    private Task<Batch> RunningAsync() => Driver.AddAsync(batch => batch.WithStatus(BatchStatus.InProgress) with
    {
        InProgressAt = batch.CreatedAt.AddSeconds(1),
        Counts = new RequestCounts(1000, 0, 0),
    });
}
