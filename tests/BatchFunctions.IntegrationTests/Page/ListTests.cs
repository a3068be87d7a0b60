using System.Text.RegularExpressions;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>The list: every batch once, newest first, and alive only while a batch is active.</summary>
public sealed class ListTests : PageTest
{
    [Fact]
    public async Task More_is_loaded_by_the_cursor_until_each_batch_stands_there_once()
    {
        var ids = new List<string>();
        for (var age = 0; age < 120; age++)
        {
            ids.Add((await Driver.AddAsync(Completed, TimeSpan.FromSeconds(age))).Id);
        }

        await Driver.OpenAsync();
        var rows = Driver.Page.Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(50);
        await Driver.Button("Load more").ClickAsync();
        await Expect(rows).ToHaveCountAsync(100);
        await Expect(Driver.Button("Load more")).ToBeFocusedAsync();

        // One that is made meanwhile comes on top, and nothing is skipped or told twice for it.
        ids.Insert(0, (await Driver.AddAsync(Completed)).Id);
        await Driver.Button("Load more").ClickAsync();
        await Expect(rows).ToHaveCountAsync(121);
        await Expect(Driver.Button("Load more")).ToBeHiddenAsync();
        Assert.Equal(ids, await Driver.ListedAsync());
    }

    [Fact]
    public async Task More_new_batches_than_a_page_holds_are_all_caught_up_with()
    {
        await Driver.AddAsync(Completed, TimeSpan.FromHours(1));
        await Driver.OpenAsync();
        await Expect(Driver.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        for (var age = 0; age < 110; age++)
        {
            await Driver.AddAsync(Completed, TimeSpan.FromSeconds(age));
        }

        await Driver.Button("Refresh").ClickAsync();
        await Expect(Driver.Page.Locator("tbody tr")).ToHaveCountAsync(111);
    }

    [Fact]
    public async Task The_list_is_filtered_by_status_time_model_and_metadata()
    {
        var large = await Driver.AddAsync(batch => Completed(batch) with { Model = "large" }, TimeSpan.FromHours(30));
        var active = await Driver.AddAsync(batch => batch with { Metadata = new Dictionary<string, string> { ["job"] = "nightly" } }, TimeSpan.FromMinutes(5));
        var failed = await Driver.AddAsync(batch => batch.WithStatus(BatchStatus.Failed) with { Model = "large" }, TimeSpan.FromMinutes(2));
        await Driver.OpenAsync();
        var rows = Driver.Page.Locator("tbody tr");
        var text = Driver.Page.GetByRole(AriaRole.Searchbox);
        await Expect(rows).ToHaveCountAsync(3);

        await Driver.Page.GetByLabel("Status").SelectOptionAsync("Failed");
        await Expect(rows).ToHaveCountAsync(1);
        Assert.Equal([failed.Id], await Driver.ListedAsync());
        await Driver.Page.GetByLabel("Status").SelectOptionAsync("Any status");
        await text.FillAsync("large");
        await text.PressAsync("Enter");
        await Expect(rows).ToHaveCountAsync(2);
        Assert.Equal([failed.Id, large.Id], await Driver.ListedAsync());
        await Driver.Page.GetByLabel("Created").SelectOptionAsync("Last 24 hours");
        await Expect(rows).ToHaveCountAsync(1);
        await text.FillAsync("job=nightly");
        await text.PressAsync("Enter");
        await Expect(rows).ToHaveCountAsync(1);
        Assert.Equal([active.Id], await Driver.ListedAsync());
        await Expect(Driver.Page.Locator("#list-live")).ToHaveTextAsync("1 found · 1 active");

        await text.FillAsync("nobody has this");
        await text.PressAsync("Enter");
        await Expect(Driver.Page.GetByText("No batch matches.")).ToBeVisibleAsync();
        await Driver.Button("Show all").ClickAsync();
        await Expect(rows).ToHaveCountAsync(3);

        await text.FillAsync(large.Id);
        await text.PressAsync("Enter");
        await Expect(Driver.Page.Locator("#batch-id")).ToHaveTextAsync(large.Id);
    }

    [Fact]
    public async Task A_batch_that_does_not_match_any_more_leaves_the_list()
    {
        var batch = await Driver.AddAsync();
        await Driver.Service.Get<ActiveBatchStore>().InsertAsync(new ActiveBatch(batch.Key, batch.InputFileId, batch.CreatedAt), CancellationToken.None);
        await Driver.OpenAsync();
        await Driver.Page.GetByLabel("Status").SelectOptionAsync("Active");
        await Expect(Driver.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Driver.Service.Get<BatchStore>().MutateAsync(
            new BatchKey(batch.Tenant, batch.Id), found => found.Fail([BatchFailures.NoInput], found.CreatedAt.AddMinutes(1)), CancellationToken.None);
        await Expect(Driver.Page.GetByText("No batch matches.")).ToBeVisibleAsync();
        await Expect(Driver.Page.Locator("tbody tr")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task An_upstream_that_lets_nobody_through_is_told_as_long_as_it_does()
    {
        var isAway = true;
        Driver.Upstream.Answer(call => Volatile.Read(ref isAway) ? ScriptedAnswer.Error(503, "Loading model") : ScriptedAnswer.Chat(call));
        var id = await Driver.CreateAsync(PageDriver.LineOf("a") + PageDriver.LineOf("b") + PageDriver.LineOf("c"));
        await Driver.OpenAsync();
        var told = Driver.Page.Locator("#upstream");
        await Expect(told).ToContainTextAsync("The upstream has let nobody through since");
        await Expect(told).ToContainTextAsync("(503)");

        Volatile.Write(ref isAway, false);
        await Expect(Driver.Row(id)).ToContainTextAsync("Completed");
        await Expect(told).ToHaveTextAsync("");
    }

    [Fact]
    public async Task How_much_of_its_limits_the_project_uses_is_told_while_anything_waits()
    {
        var released = new TaskCompletionSource();
        Driver.Upstream.Answer(call => ScriptedAnswer.Chat(call).After(released.Task));
        var id = await Driver.CreateAsync(PageDriver.LineOf("a") + PageDriver.LineOf("b") + PageDriver.LineOf("c"));
        await Driver.OpenAsync();
        var told = Driver.Page.Locator("#list-limits");
        await Expect(told).ToHaveTextAsync("1 of 1k batches, 3 of 10m lines waiting");
        await Expect(told).ToHaveAttributeAsync("title", "The project may have 1,000 batches that have not ended, and 10,000,000 lines waiting in them");

        released.SetResult();
        await Expect(Driver.Row(id)).ToContainTextAsync("Completed");
        await Expect(told).ToHaveTextAsync("");
    }

    [Fact]
    public async Task A_batch_is_watched_to_its_end_without_a_reload()
    {
        var released = new TaskCompletionSource();
        Driver.Upstream.Answer(call => call.Marker == "a" ? ScriptedAnswer.Chat(call) : ScriptedAnswer.Chat(call).After(released.Task));
        await Driver.OpenAsync();
        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
        var id = await Driver.CreateAsync(PageDriver.LineOf("a") + PageDriver.LineOf("b") + PageDriver.LineOf("c"));
        await Driver.Button("Refresh").ClickAsync();
        var row = Driver.Row(id);
        var bar = row.GetByRole(AriaRole.Progressbar);
        await Expect(row).ToContainTextAsync("In progress");
        await Expect(bar).ToHaveAttributeAsync("aria-valuenow", "1");
        await Expect(bar).ToHaveAttributeAsync("aria-valuemax", "3");
        await Expect(bar).ToHaveAttributeAsync("aria-valuetext", "1 of 3 lines");

        // The same row changes, so a focus on it stays.
        await row.GetByRole(AriaRole.Link).FocusAsync();
        released.SetResult();
        await Expect(row).ToContainTextAsync("Completed");
        await Expect(row).ToContainTextAsync("3 of 3 lines");
        await Expect(row).ToContainTextAsync("21 in, 9 out");
        await Expect(row.GetByRole(AriaRole.Link)).ToBeFocusedAsync();
        await Expect(Driver.Page.GetByRole(AriaRole.Status)).ToContainTextAsync("Completed");
    }

    [Fact]
    public async Task An_active_batch_far_down_is_kept_up_to_date_too()
    {
        var old = await Driver.AddAsync(batch => batch with { Counts = new RequestCounts(10, 1, 0) }, TimeSpan.FromHours(1));
        for (var age = 0; age < 60; age++)
        {
            await Driver.AddAsync(Completed, TimeSpan.FromSeconds(age));
        }

        await Driver.OpenAsync();
        await Driver.Button("Load more").ClickAsync();
        await Expect(Driver.Row(old.Id)).ToContainTextAsync("1 of 10 lines");
        await Driver.Service.Get<BatchStore>().MutateAsync(
            new BatchKey(old.Tenant, old.Id), batch => batch with { Counts = new RequestCounts(10, 4, 1) }, CancellationToken.None);
        await Expect(Driver.Row(old.Id)).ToContainTextAsync("5 of 10 lines, 1 failed");
        await Expect(Driver.Page.Locator("tbody tr")).ToHaveCountAsync(61);
    }

    [Fact]
    public async Task At_rest_and_in_a_hidden_tab_nothing_is_asked()
    {
        await Driver.StandApartAsync();
        var asked = 0;
        Driver.Page.Request += (_, request) => asked += request.Url.Contains("/v1/", StringComparison.Ordinal) ? 1 : 0;
        await Driver.AddAsync(Completed);
        await Driver.OpenAsync();
        await Expect(Driver.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Driver.Page.Clock.InstallAsync();
        await Driver.Page.Clock.RunForAsync(600_000);

        // The list, and once for each key whether it is an operator's.
        Assert.Equal(2, asked);

        // Active, it asks again and again; hidden, not at all; shown again, at once.
        var active = await Driver.AddAsync();
        await Driver.Button("Refresh").ClickAsync();
        await Expect(Driver.Row(active.Id)).ToBeVisibleAsync();
        await Driver.Page.Clock.RunForAsync(6_000);
        await Eventually.UntilAsync(() => asked >= 4, "an active batch is asked for");
        await ShowAsync(false);
        await Driver.Page.Clock.RunForAsync(600_000);
        var before = asked;
        await Driver.Page.Clock.RunForAsync(600_000);
        Assert.Equal(before, asked);
        await ShowAsync(true);
        await Eventually.UntilAsync(() => asked > before, "a tab that is shown again asks");
    }

    [Fact]
    public async Task More_that_comes_after_the_list_was_left_wakes_nothing()
    {
        await Driver.StandApartAsync();
        await Driver.AddAsync();
        for (var age = 1; age <= 60; age++)
        {
            await Driver.AddAsync(Completed, TimeSpan.FromSeconds(age));
        }

        await Driver.OpenAsync();
        var released = new TaskCompletionSource();
        await Driver.Page.RouteAsync("**/v1/batches?*after=*", async route =>
        {
            await released.Task;
            await route.ContinueAsync();
        });
        await Driver.Button("Load more").ClickAsync();
        await Driver.Page.GetByRole(AriaRole.Link, new() { Name = "Usage" }).ClickAsync();
        await Expect(Driver.Page.Locator("#usage-panels")).ToBeVisibleAsync();
        var asked = 0;
        Driver.Page.Request += (_, request) => asked += request.Url.Contains("/v1/batches", StringComparison.Ordinal) ? 1 : 0;
        released.SetResult();
        await Expect(Driver.Page.Locator("#list-more")).ToBeEnabledAsync();
        await Expect(Driver.Page.Locator("#list-rows tr")).ToHaveCountAsync(61);
        await Driver.Page.Clock.InstallAsync();
        await Driver.Page.Clock.RunForAsync(30_000);

        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task Every_status_has_its_word_and_a_sign_of_its_own()
    {
        foreach (var status in Enum.GetValues<BatchStatus>())
        {
            await Driver.AddAsync(batch => batch.WithStatus(status), TimeSpan.FromMinutes((int)status));
        }

        await Driver.OpenAsync();
        var statuses = Driver.Page.Locator("tbody .status");
        await Expect(statuses).ToHaveTextAsync(
            ["Validating", "Failed", "In progress", "Finalizing", "Completed", "Expired", "Cancelling", "Cancelled"]);
        var signs = await statuses.Locator("use").EvaluateAllAsync<string[]>("uses => uses.map(use => document.querySelector(use.getAttribute('href')).innerHTML)");
        Assert.Equal(8, signs.Distinct().Count());
        Assert.All(signs, sign => Assert.NotEmpty(sign));
    }

    [Fact]
    public async Task A_row_tells_name_age_deadline_and_tokens()
    {
        var named = await Driver.AddAsync(
            batch => batch with
            {
                Model = "llama",
                Metadata = new Dictionary<string, string> { ["description"] = "Nightly run", ["shard"] = "4" },
                Counts = new RequestCounts(20_000, 12_000, 345),
                Usage = new(1_234_567, 0, 89_012, 0),
            },
            TimeSpan.FromMinutes(5));
        await Driver.OpenAsync();
        var row = Driver.Row(named.Id);
        await Expect(row.GetByRole(AriaRole.Link)).ToHaveTextAsync("Nightly run");
        await Expect(row).ToContainTextAsync("llama · shard=4");
        await Expect(row).ToContainTextAsync("12,345 of 20,000 lines, 345 failed");
        await Expect(row).ToContainTextAsync("1,323,579");
        await Expect(row).ToContainTextAsync("5 min ago");
        await Expect(row).ToContainTextAsync("due in 23 hr");
        await Expect(row.Locator("time").First).ToHaveAttributeAsync("title", new Regex(@"^\d+ \w+ \d{4}, \d\d:\d\d:\d\d$"));
    }

    [Fact]
    public async Task Storage_that_is_down_is_told_and_waited_for()
    {
        await Driver.OpenAsync();
        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
        await Driver.Page.RouteAsync("**/v1/batches?*", route => route.FulfillAsync(new()
        {
            Status = 503,
            ContentType = "application/json",
            Body = """{"error":{"message":"Storage is not available at the moment. Please try again in a few seconds.","type":"server_error","param":null,"code":"storage_unavailable"}}""",
        }));
        await Driver.Button("Refresh").ClickAsync();
        var alert = Driver.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "Storage is not available" });
        await Expect(alert).ToBeVisibleAsync();
        await Driver.Page.UnrouteAllAsync();
        await Expect(alert).ToHaveCountAsync(0);
    }

    private static Batch Completed(Batch batch) => batch.WithStatus(BatchStatus.Completed) with
    {
        CompletedAt = batch.CreatedAt.AddSeconds(1),
    };

    private async Task ShowAsync(bool shown) => await Driver.Page.EvaluateAsync(
        "shown => { Object.defineProperty(document, 'hidden', { value: !shown, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }",
        shown);
}
