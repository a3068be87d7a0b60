using BatchFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>Whatever becomes of an answer, one batch is made, and one that was given up does not run.</summary>
public sealed class CreateOnceTests : PageTest
{
    /// <summary>The batch that was made without the page's knowledge.</summary>
    private readonly TaskCompletionSource<string> _made = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_creation_whose_answer_is_lost_is_asked_for_again_and_makes_one_batch()
    {
        await OpenWithFileAsync();
        await LoseAnswerAsync("**/v1/batches");
        await Driver.Button("Create batch").PressAsync("Enter");
        await Expect(Driver.Page.GetByText("The service cannot be reached.")).ToBeVisibleAsync();
        await Expect(Driver.Button("Create batch")).ToBeFocusedAsync();
        await Driver.Page.Keyboard.PressAsync("Enter");

        await Expect(Driver.Page.Locator("#batch-id")).ToHaveTextAsync(await _made.Task);
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");
        await Driver.Page.GoBackAsync();
        await Expect(Driver.Page.Locator("#list-rows tr")).ToHaveCountAsync(1);
        Assert.Equal(1, Driver.Upstream.CallsOf("a"));
    }

    [Fact]
    public async Task A_batch_whose_answer_was_lost_is_cancelled_when_the_dialog_is_closed()
    {
        Driver.Upstream.Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromMinutes(10)));
        await OpenWithFileAsync();
        await LoseAnswerAsync("**/v1/batches");
        await Driver.Button("Create batch").ClickAsync();
        await Expect(Driver.Page.GetByText("The service cannot be reached.")).ToBeVisibleAsync();
        await Driver.Button("Close").ClickAsync();

        await Driver.UntilAsync(await _made.Task, "cancelled");
    }

    [Fact]
    public async Task A_batch_that_comes_after_its_creation_was_stopped_is_cancelled()
    {
        Driver.Upstream.Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromMinutes(10)));
        await OpenWithFileAsync();
        var stopped = new TaskCompletionSource();
        await Driver.Page.RouteAsync("**/v1/batches", async route =>
        {
            var answer = await route.FetchAsync();
            _made.TrySetResult((await answer.JsonAsync())!.Value.GetProperty("id").GetString()!);
            await stopped.Task;
            await route.FulfillAsync(new() { Response = answer });
        });
        await Driver.Button("Create batch").ClickAsync();
        var id = await _made.Task;
        await Driver.Button("Stop").ClickAsync();
        await Expect(Driver.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        stopped.SetResult();

        await Driver.UntilAsync(id, "cancelled");
        await Expect(Driver.Page.Locator("#list-view")).ToBeVisibleAsync();
        await Driver.Button("New batch").ClickAsync();
        await Expect(Driver.Button("Create batch")).ToBeEnabledAsync();
    }

    [Fact]
    public async Task One_that_is_wanted_otherwise_takes_the_place_of_one_whose_answer_was_lost()
    {
        Driver.Upstream.Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromMinutes(10)));
        await OpenWithFileAsync();
        await LoseAnswerAsync("**/v1/batches");
        await Driver.Button("Create batch").ClickAsync();
        await Expect(Driver.Page.GetByText("The service cannot be reached.")).ToBeVisibleAsync();
        await Driver.Page.GetByLabel("Description").FillAsync("The other");
        await Driver.Button("Create batch").ClickAsync();

        await Expect(Driver.Heading("The other")).ToBeVisibleAsync();
        await Driver.UntilAsync(await _made.Task, "cancelled");
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("In progress");
    }

    [Fact]
    public async Task A_batch_that_may_have_been_made_and_was_not_found_is_told()
    {
        await Driver.StandApartAsync();
        await OpenWithFileAsync();
        await Driver.Page.RouteAsync("**/v1/batches", route => route.AbortAsync());
        await Driver.Button("Create batch").ClickAsync();
        await Expect(Driver.Page.GetByText("The service cannot be reached.")).ToBeVisibleAsync();
        await Driver.Page.Clock.InstallAsync();
        await Driver.Button("Close").ClickAsync();
        var told = Driver.Page.GetByText("may have been made all the same: look for it in the list.");
        for (var waits = 0; waits < 100 && !await told.IsVisibleAsync(); waits++)
        {
            await Driver.Page.Clock.RunForAsync(10_000);
        }

        await Expect(told).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_file_is_uploaded_again_with_its_key_and_another_with_another()
    {
        var keys = new List<string>();
        await Driver.Page.RouteAsync("**/v1/files", route =>
        {
            keys.Add(route.Request.Headers["idempotency-key"]);
            return keys.Count == 3 ? route.ContinueAsync() : route.FulfillAsync(new() { Status = 503, Body = "" });
        });
        await OpenWithFileAsync();
        foreach (var tries in new[] { 1, 2 })
        {
            await Driver.Button("Create batch").ClickAsync();
            await Expect(Driver.Page.GetByText("The service has answered with the status 503.")).ToBeVisibleAsync();
            Assert.Equal(tries, keys.Count);
        }

        await ChooseAsync("other.jsonl");
        await Driver.Button("Create batch").ClickAsync();
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");
        Assert.Equal(keys[0], keys[1]);
        Assert.NotEqual(keys[1], keys[2]);
    }

    [Fact]
    public async Task A_part_that_came_too_slowly_is_sent_again()
    {
        var parts = 0;
        await Driver.Page.RouteAsync("**/parts", route =>
            Interlocked.Increment(ref parts) == 2 ? route.FulfillAsync(new() { Status = 408, Body = "" }) : route.ContinueAsync());
        await Driver.OpenAsync();
        await Driver.Button("New batch").ClickAsync();
        await ChooseAsync("large.jsonl", PageDriver.LineOf("a") + new string('\n', 17_000_000));
        var completed = await Driver.Page.RunAndWaitForResponseAsync(
            () => Driver.Button("Create batch").ClickAsync(), response => response.Url.EndsWith("/complete", StringComparison.Ordinal));
        Assert.Equal(200, completed.Status);
        Assert.Equal(3, parts);
    }

    [Fact]
    public async Task A_retry_whose_answer_is_lost_makes_one_batch()
    {
        Driver.Upstream.Answer(_ => ScriptedAnswer.Error(400));
        var id = await Driver.CreateAsync(PageDriver.LineOf("a"));
        await Driver.UntilAsync(id, "completed");
        await Driver.OpenAsync($"#/batches/{id}");
        await LoseAnswerAsync("**/retry");
        await RetryAsync();
        await Expect(Driver.Page.GetByText("The service cannot be reached.")).ToBeVisibleAsync();
        await Expect(Driver.Page.Locator("#batch-retry")).ToBeFocusedAsync();
        await RetryAsync();

        await Expect(Driver.Page.Locator("#batch-id")).ToHaveTextAsync(await _made.Task);
        Assert.Equal(1, (await Driver.UntilAsync(id, "completed")).GetProperty("retries").GetArrayLength());
    }

    private async Task RetryAsync()
    {
        await Driver.Button("Retry 1 line").ClickAsync();
        await Driver.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Retry" }).ClickAsync();
    }

    private async Task OpenWithFileAsync()
    {
        await Driver.OpenAsync();
        await Driver.Button("New batch").ClickAsync();
        await ChooseAsync("day.jsonl");
    }

    private async Task ChooseAsync(string name, string? content = null)
    {
        await Driver.ChooseAsync(name, content ?? PageDriver.LineOf("a"));
        await Expect(Driver.Page.GetByText($"{name} ·")).ToBeVisibleAsync();
        await Expect(Driver.Page.GetByLabel("Endpoint")).ToHaveValueAsync("/v1/chat/completions");
    }

    /// <summary>Has the service do what it is asked for once, and the page not hear of it.</summary>
    private Task<IAsyncDisposable> LoseAnswerAsync(string url) => Driver.Page.RouteAsync(
        url,
        async route =>
        {
            _made.TrySetResult((await (await route.FetchAsync()).JsonAsync())!.Value.GetProperty("id").GetString()!);
            await route.AbortAsync();
        },
        new() { Times = 1 });
}
