using System.Text;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>A batch's own view: timeline, errors, files, cancel.</summary>
public sealed class BatchViewTests : PageTest
{
    [Fact]
    public async Task A_batch_is_opened_from_the_list_and_left_by_the_back_button()
    {
        var batch = await Driver.AddAsync(added => added with { Metadata = new Dictionary<string, string> { ["description"] = "Nightly" } });
        await Driver.OpenAsync();
        await Driver.Row(batch.Id).GetByRole(AriaRole.Link).ClickAsync();
        await Expect(Driver.Heading("Nightly")).ToBeFocusedAsync();
        await Expect(Driver.Page).ToHaveURLAsync(Driver.Address + "#/batches/" + batch.Id);
        await Expect(Driver.Page.GetByText(batch.Id)).ToBeVisibleAsync();
        await Driver.Page.GoBackAsync();
        await Expect(Driver.Row(batch.Id).GetByRole(AriaRole.Link)).ToBeFocusedAsync();
        await Driver.Page.GoForwardAsync();
        await Expect(Driver.Heading("Nightly")).ToBeVisibleAsync();
        await Driver.Page.ReloadAsync();
        await Expect(Driver.Heading("Nightly")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_batch_runs_to_its_end_before_ones_eyes_and_its_files_are_downloaded()
    {
        var released = new TaskCompletionSource();
        Driver.Upstream.Answer(call => call.Marker switch
        {
            "b" => ScriptedAnswer.Error(400, "This model has no such words.").After(released.Task),
            _ => ScriptedAnswer.Chat(call).After(released.Task),
        });
        var input = PageDriver.LineOf("a") + PageDriver.LineOf("b") + PageDriver.LineOf("c");
        var id = await Driver.CreateAsync(input);
        await Driver.OpenAsync($"#/batches/{id}");
        await Expect(Driver.Page.GetByText("In progress").First).ToBeVisibleAsync();
        await Expect(Driver.Page.GetByText("Output: not yet")).ToBeVisibleAsync();
        await Expect(Driver.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "Deadline in 23 hr" })).ToBeVisibleAsync();

        released.SetResult();
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");
        await Expect(Driver.Page.Locator("#batch-timeline li")).ToHaveCountAsync(4);
        await Expect(Driver.Page.Locator("#batch-counts")).ToContainTextAsync("Completed2Failed1Lines3");
        await Expect(Driver.Page.Locator("#batch-tokens")).ToContainTextAsync("Input14Output6Total20");
        await Expect(Driver.Page.Locator("#batch-failures summary")).ToHaveTextAsync(["1 400 scripted This model has no such words."]);
        await Expect(Driver.Button("Cancel batch")).ToBeHiddenAsync();

        var batch = await Driver.UntilAsync(id, "completed");
        Assert.Equal(input, Encoding.UTF8.GetString(await DownloadAsync("Download input file requests.jsonl")));
        foreach (var (kind, property) in new[] { ("output", "output_file_id"), ("errors", "error_file_id") })
        {
            var file = batch.GetProperty(property).GetString()!;
            Assert.Equal(await Driver.ContentAsync(file), await DownloadAsync($"Download {kind} file batch_{id["batch_".Length..]}_{kind.TrimEnd('s')}.jsonl"));
        }
    }

    [Fact]
    public async Task The_input_of_a_retry_is_not_looked_for_before_it_is_written()
    {
        var original = await Driver.AddAsync(batch => batch.WithStatus(BatchStatus.Completed));
        var retry = await Driver.AddAsync(batch => batch.WithStatus(BatchStatus.Validating) with { RetryOf = original.Id });

        await Driver.OpenAsync($"#/batches/{retry.Id}");

        await Expect(Driver.Page.GetByText("Input: not yet")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_large_file_is_streamed_to_where_the_reader_wants_it()
    {
        var id = await Driver.CreateAsync(PageDriver.LineOf("a"));
        var batch = await Driver.UntilAsync(id, "completed");
        var file = batch.GetProperty("output_file_id").GetString()!;

        // A browser's dialog cannot be used here, so the file that it would give is taken down.
        await Driver.Page.AddInitScriptAsync(
            """
            window.saved = [];
            window.showSaveFilePicker = async ({ suggestedName }) => ({
              createWritable: async () => new WritableStream({
                write: (chunk) => window.saved.push(new TextDecoder().decode(chunk)),
                close: () => { window.savedAs = suggestedName; },
              }),
            });
            """);
        await Driver.Page.RouteAsync($"**/v1/files/{file}", async route =>
        {
            var described = (await (await route.FetchAsync()).JsonAsync())!.Value;
            await route.FulfillAsync(new() { Json = new { bytes = 100_000_000, id = file, filename = described.GetProperty("filename").GetString(), expires_at = (long?)null } });
        });
        await Driver.OpenAsync($"#/batches/{id}");
        await Driver.Page.GetByRole(AriaRole.Button, new() { Name = "Download output file" }).ClickAsync();
        await Eventually.UntilAsync(() => Driver.Page.EvaluateAsync<bool>("'savedAs' in window"), TimeSpan.FromSeconds(30), "the file is saved");
        Assert.Equal(Encoding.UTF8.GetString(await Driver.ContentAsync(file)), await Driver.Page.EvaluateAsync<string>("window.saved.join('')"));
    }

    [Fact]
    public async Task Failures_are_one_group_and_open_to_a_request_beside_its_answer()
    {
        Driver.Upstream.Answer(call => call.Marker switch
        {
            "d" => ScriptedAnswer.Chat(call),
            "c" => ScriptedAnswer.Error(422, "No such words."),
            _ => ScriptedAnswer.Error(400, $"The messages come to {900 + call.Marker[0]} tokens."),
        });
        var id = await Driver.CreateAsync(string.Concat("abcd".Select(letter => PageDriver.LineOf($"{letter}"))));
        await Driver.UntilAsync(id, "completed");
        await Driver.OpenAsync($"#/batches/{id}");

        var groups = Driver.Page.Locator("#batch-failures summary");
        await Expect(groups).ToHaveTextAsync(["2 400 scripted The messages come to # tokens.", "1 422 scripted No such words."]);
        await Expect(Driver.Page.GetByRole(AriaRole.Group, new() { Name = "Request" })).ToHaveCountAsync(0);
        await groups.Nth(1).PressAsync("Enter");
        await Expect(Driver.Page.GetByText("For example c, line 3")).ToBeVisibleAsync();
        await Expect(Driver.Page.GetByRole(AriaRole.Group, new() { Name = "Request" })).ToContainTextAsync("\"marker=c\"");
        await Expect(Driver.Page.GetByRole(AriaRole.Group, new() { Name = "Answer" })).ToContainTextAsync("\"message\": \"No such words.\"");
        await Expect(Driver.Page.GetByRole(AriaRole.Table, new() { Name = "Errors" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_lines_that_validation_refused_are_told_one_by_one()
    {
        var id = await Driver.CreateAsync(PageDriver.LineOf("a") + "{\n" + PageDriver.LineOf("a"));
        await Driver.UntilAsync(id, "failed");
        await Driver.OpenAsync($"#/batches/{id}");
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Failed");
        var rows = Driver.Page.GetByRole(AriaRole.Table, new() { Name = "Errors" }).GetByRole(AriaRole.Row);
        await Expect(rows).ToHaveCountAsync(3);
        await Expect(rows.Nth(1)).ToHaveTextAsync("2invalid_json_lineThis line is not parseable as valid JSON.");
        await Expect(rows.Nth(2)).ToContainTextAsync("3duplicate_custom_idcustom_id");
        await Expect(Driver.Page.GetByText("Output: none")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_batch_that_has_ended_is_deleted_once_that_is_confirmed_and_the_list_is_without_it()
    {
        var stays = await Driver.CreateAsync(PageDriver.LineOf("a"));
        var id = await Driver.CreateAsync(PageDriver.LineOf("a"));
        await Driver.UntilAsync(id, "completed");
        await Driver.OpenAsync($"#/batches/{id}");
        await Driver.Button("Delete batch").ClickAsync();
        await Expect(Driver.Button("Keep it")).ToBeFocusedAsync();
        await Driver.Page.Keyboard.PressAsync("Escape");
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");

        await Driver.Button("Delete batch").ClickAsync();
        await Driver.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Delete batch" }).ClickAsync();

        await Expect(Driver.Row(stays)).ToBeVisibleAsync();
        await Expect(Driver.Row(id)).ToHaveCountAsync(0);
        await Driver.Page.GoBackAsync();
        await Expect(Driver.Page.GetByText("No batch found with id")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_batch_is_cancelled_once_that_is_confirmed()
    {
        Driver.Upstream.Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromMinutes(10)));
        var id = await Driver.CreateAsync(PageDriver.LineOf("a"));
        await Driver.UntilAsync(id, "in_progress");
        await Driver.OpenAsync($"#/batches/{id}");
        await Driver.Button("Cancel batch").ClickAsync();
        await Expect(Driver.Button("Keep it running")).ToBeFocusedAsync();
        await Driver.Page.Keyboard.PressAsync("Escape");
        await Driver.Button("Cancel batch").ClickAsync();
        await Driver.Button("Keep it running").ClickAsync();
        await Expect(Driver.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        Assert.Equal("in_progress", (await Driver.UntilAsync(id, "in_progress")).GetProperty("status").GetString());

        await Driver.Button("Cancel batch").ClickAsync();
        await Driver.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel batch" }).ClickAsync();
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Cancelled");
        await Expect(Driver.Page.Locator("#batch-counts")).ToContainTextAsync("Never run1");
        await Expect(Driver.Page.Locator("#batch-failures summary")).ToContainTextAsync(["batch_cancelled"]);
    }

    [Fact]
    public async Task What_is_left_over_is_sent_once_more_and_both_batches_lead_to_each_other()
    {
        Driver.Upstream.Answer(call => call.Marker == "a" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call));
        var id = await Driver.CreateAsync(PageDriver.LineOf("a") + PageDriver.LineOf("b"));
        await Driver.UntilAsync(id, "completed");
        await Driver.OpenAsync($"#/batches/{id}");
        Driver.Upstream.Answer(call => ScriptedAnswer.Chat(call));
        await Driver.Button("Retry 1 line").ClickAsync();
        await Expect(Driver.Button("Not now")).ToBeFocusedAsync();
        await Driver.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Retry" }).ClickAsync();

        await Expect(Driver.Page.Locator("#batch-id")).Not.ToHaveTextAsync(id);
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");
        await Expect(Driver.Page.Locator("#batch-counts")).ToContainTextAsync("Lines1");
        await Expect(Driver.Page.Locator("#batch-retry")).ToBeHiddenAsync();
        var made = await Driver.Page.Locator("#batch-id").TextContentAsync();
        await Driver.Page.Locator("#batch-facts").GetByRole(AriaRole.Link).ClickAsync();
        await Expect(Driver.Page.Locator("#batch-id")).ToHaveTextAsync(id);
        await Driver.Page.Locator("#batch-facts").GetByRole(AriaRole.Link).ClickAsync();
        await Expect(Driver.Page.Locator("#batch-id")).ToHaveTextAsync(made!);
    }

    [Fact]
    public async Task A_cancel_that_comes_too_late_is_told_in_the_apis_words()
    {
        var batch = await Driver.AddAsync();
        await Driver.OpenAsync(batch);
        await Expect(Driver.Button("Cancel batch")).ToBeVisibleAsync();
        await Driver.Page.RouteAsync("**/cancel", async route =>
        {
            await Driver.Service.Get<BatchStore>().MutateAsync(
                new BatchKey(batch.Tenant, batch.Id),
                found => found.Finalize(BatchStatus.Completed, found.CreatedAt.AddMinutes(1)),
                CancellationToken.None);
            await route.ContinueAsync();
        });
        await Driver.Button("Cancel batch").ClickAsync();
        await Driver.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel batch" }).ClickAsync();
        await Expect(Driver.Page.GetByText("Cannot cancel a batch with status 'finalizing'.")).ToBeVisibleAsync();
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Finalizing");
        await Expect(Driver.Button("Cancel batch")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_file_that_is_gone_says_so_in_its_place()
    {
        var id = await Driver.CreateAsync(PageDriver.LineOf("a"));
        var batch = await Driver.UntilAsync(id, "completed");
        var file = batch.GetProperty("input_file_id").GetString()!;
        await Driver.DeleteFileAsync(file);
        await Driver.OpenAsync($"#/batches/{id}");
        var items = Driver.Page.Locator("#batch-files li");
        await Expect(items.First).ToContainTextAsync($"No such File object: {file}");
        await Expect(items.First.GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        await Expect(items.Nth(1).GetByRole(AriaRole.Button)).ToBeEnabledAsync();
    }

    [Fact]
    public async Task A_batch_that_is_not_there_is_told_and_left_by_a_link()
    {
        await Driver.OpenAsync("#/batches/batch_00000000000000000000000000000000");
        await Expect(Driver.Page.GetByText("No batch found with id 'batch_00000000000000000000000000000000'.")).ToBeVisibleAsync();
        await Driver.Page.GetByRole(AriaRole.Link, new() { Name = "Batches" }).ClickAsync();
        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
        await Expect(Driver.Page.GetByText("No batch found")).ToHaveCountAsync(0);
    }

    private async Task<byte[]> DownloadAsync(string name)
    {
        var download = await Driver.Page.RunAndWaitForDownloadAsync(() => Driver.Button(name).ClickAsync());
        Assert.EndsWith(download.SuggestedFilename, name, StringComparison.Ordinal);
        return await File.ReadAllBytesAsync(await download.PathAsync());
    }
}
