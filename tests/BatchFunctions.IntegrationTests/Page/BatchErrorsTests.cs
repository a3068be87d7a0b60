using BatchFunctions.Batches;
using BatchFunctions.Processing;
using BatchFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>A batch's errors, when they cannot be had, are gone, or grow while one of them is read.</summary>
public sealed class BatchErrorsTests : PageTest
{
    private ILocator Groups => Driver.Page.Locator("#batch-failures summary");

    private ILocator Alert => Driver.Page.Locator("#alert");

    [Fact]
    public async Task Errors_that_could_not_be_had_are_asked_for_again()
    {
        var id = await FailedAsync();
        await Driver.Page.RouteAsync("**/errors", route => route.FulfillAsync(new() { Status = 503, Body = "" }), new() { Times = 1 });
        await Driver.OpenAsync($"#/batches/{id}");

        await Expect(Groups).ToHaveCountAsync(1);
        await Expect(Alert).ToBeEmptyAsync();
    }

    [Fact]
    public async Task An_error_file_that_is_gone_is_told_in_its_place_and_raises_no_alert()
    {
        var id = await FailedAsync();
        var file = (await Driver.UntilAsync(id, "completed")).GetProperty("error_file_id").GetString()!;
        await Driver.DeleteFileAsync(file);
        var asked = Driver.Page.WaitForResponseAsync("**/errors");
        await Driver.OpenAsync($"#/batches/{id}");
        Assert.Equal(404, (await asked).Status);

        await Expect(Driver.Page.Locator("#batch-files li").Nth(2)).ToContainTextAsync($"No such File object: {file}");
        await Expect(Driver.Page.Locator("#batch-errors-card")).ToBeHiddenAsync();
        await Expect(Alert).ToBeEmptyAsync();
    }

    [Fact]
    public async Task An_error_that_is_read_keeps_the_focus_when_others_come_before_it()
    {
        var batch = await Showcase.AddRunningAsync(Driver);
        await Driver.OpenAsync(batch);
        await Expect(Groups).ToHaveCountAsync(1);
        await Groups.PressAsync("Enter");
        var answer = Driver.Page.GetByRole(AriaRole.Group, new() { Name = "Answer" });
        await answer.FocusAsync();
        await PublishedResults.PublishAsync(
            Driver, batch, ResultFile.Error, [.. Enumerable.Range(1, 9).Select(row => PublishedResults.Refused($"other-{row}", "No such words."))]);

        await Expect(Groups).ToHaveCountAsync(2);
        await Expect(Groups.First).ToContainTextAsync("9 400 No such words.");
        await Expect(answer).ToBeFocusedAsync();
    }

    [Fact]
    public async Task What_has_not_changed_stays_as_it_is_while_the_batch_is_watched()
    {
        var asked = 0;
        Driver.Page.Response += (_, response) => asked += response.Url.Contains("/v1/batches/batch_", StringComparison.Ordinal) ? 1 : 0;
        var id = await FailedAsync();
        var retry = await Driver.AddAsync(batch => batch.WithStatus(BatchStatus.InProgress) with { InProgressAt = batch.CreatedAt, RetryOf = id });
        await Driver.OpenAsync(retry);
        var link = Driver.Page.Locator("#batch-facts").GetByRole(AriaRole.Link);
        await link.FocusAsync();
        var before = asked;
        await Eventually.UntilAsync(() => asked >= before + 4, "the batch has been asked for again");

        await Expect(link).ToBeFocusedAsync();
    }

    private async Task<string> FailedAsync()
    {
        Driver.Upstream.Answer(_ => ScriptedAnswer.Error(400));
        var id = await Driver.CreateAsync(PageDriver.LineOf("a"));
        await Driver.UntilAsync(id, "completed");
        return id;
    }
}
