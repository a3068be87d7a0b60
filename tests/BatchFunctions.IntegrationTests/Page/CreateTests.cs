using System.IO.Compression;
using System.Text;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>A file becomes a batch: dropped or chosen, whole or in parts.</summary>
public sealed class CreateTests : PageTest
{
    [Fact]
    public async Task A_file_that_is_dropped_becomes_a_batch()
    {
        await Driver.OpenAsync();
        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
        await DragAsync("dragenter", "day.jsonl", PageDriver.LineOf("a") + PageDriver.LineOf("b"));
        await Expect(Driver.Page.GetByText("Drop the JSONL file to make a batch")).ToBeVisibleAsync();
        await DragAsync("drop", "day.jsonl", PageDriver.LineOf("a") + PageDriver.LineOf("b"));
        await Expect(Driver.Page.GetByText("Drop the JSONL file to make a batch")).ToBeHiddenAsync();
        await Expect(Driver.Page.GetByText("day.jsonl ·")).ToBeVisibleAsync();
        await Expect(Driver.Page.GetByLabel("Endpoint")).ToHaveValueAsync("/v1/chat/completions");
        var offered = await Driver.Page.Locator("#create-endpoint option").AllTextContentsAsync();
        Assert.Equal(offered.Distinct(), offered);
        await Driver.Page.GetByLabel("Description").FillAsync("The day's questions");
        await Driver.Button("Create batch").ClickAsync();

        await Expect(Driver.Heading("The day's questions")).ToBeVisibleAsync();
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");
        await Expect(Driver.Page.Locator("#batch-files")).ToContainTextAsync("day.jsonl");
        Assert.Equal(1, Driver.Upstream.CallsOf("a"));
        Assert.Equal(1, Driver.Upstream.CallsOf("b"));
    }

    [Fact]
    public async Task What_answers_in_the_services_place_is_told_and_ends_the_wait()
    {
        await Driver.OpenAsync();
        await ChooseAsync(FileOf("day.jsonl", PageDriver.LineOf("a")));
        await Driver.Page.RouteAsync("**/v1/files", route => route.FulfillAsync(new() { Status = 200, ContentType = "text/html", Body = "<p>Sign in</p>" }));
        await Driver.Button("Create batch").ClickAsync();

        await Expect(Driver.Page.GetByText("Something else has answered than the service")).ToBeVisibleAsync();
        await Expect(Driver.Button("Create batch")).ToBeEnabledAsync();
    }

    [Fact]
    public async Task A_file_is_checked_before_a_batch_is_made_of_it_and_sent_once()
    {
        var sent = new List<string>();
        Driver.Page.Request += (_, request) => sent.Add($"{request.Method} {new Uri(request.Url).AbsolutePath.Split('/')[^1]}");
        await Driver.OpenAsync();
        await ChooseAsync(FileOf("day.jsonl", PageDriver.LineOf("a") + PageDriver.LineOf("b").Replace("\"scripted\"", "\"gpt-4o\"", StringComparison.Ordinal)));
        await Driver.Button("Check").ClickAsync();
        await Expect(Driver.Page.GetByText("Nothing is wrong with its 2 lines.")).ToBeVisibleAsync();
        await Expect(Driver.Page.GetByRole(AriaRole.Table, new() { Name = "Models" }).GetByRole(AriaRole.Row)).ToContainTextAsync(["ModelLinesTokens", "gpt-4o1", "scripted1about"]);
        Assert.Equal(0, Driver.Upstream.CallsOf("a"));

        await Driver.Button("Create batch").ClickAsync();
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");
        Assert.Equal(["POST files", "POST check", "POST batches"], sent.Where(request => !request.StartsWith("GET", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_wrong_with_lines_is_shown_and_a_file_that_is_not_wanted_is_not_kept()
    {
        await Driver.OpenAsync();
        await ChooseAsync(FileOf("day.jsonl", PageDriver.LineOf("a") + "{}\n" + PageDriver.LineOf("a")));
        await Driver.Button("Check").ClickAsync();
        await Expect(Driver.Page.GetByText("5 faults, 2 of 3 lines wrong")).ToBeVisibleAsync();
        var faults = Driver.Page.GetByRole(AriaRole.Table, new() { Name = "Faults" }).GetByRole(AriaRole.Row);
        await Expect(faults).ToHaveCountAsync(6);
        await Expect(faults.Nth(1)).ToHaveTextAsync("2Missing required parameter: 'custom_id'.");

        var deleted = await Driver.Page.RunAndWaitForResponseAsync(
            () => Driver.Button("Close").ClickAsync(), response => response.Request.Method == "DELETE");
        Assert.Equal(200, deleted.Status);
        await Driver.Button("New batch").ClickAsync();
        await Expect(Driver.Page.GetByText("5 faults")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_compressed_file_is_looked_into_and_sent_as_it_is()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(PageDriver.LineOf("a")));
        }

        await Driver.OpenAsync();
        await ChooseAsync(new FilePayload { Name = "day.jsonl.gz", MimeType = "application/gzip", Buffer = packed.ToArray() });
        await Expect(Driver.Page.GetByLabel("Endpoint")).ToHaveValueAsync("/v1/chat/completions");
        await Driver.Button("Create batch").ClickAsync();
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");
        await Expect(Driver.Page.Locator("#batch-files")).ToContainTextAsync("day.jsonl");
    }

    [Fact]
    public async Task From_key_to_result_without_a_mouse()
    {
        // Asked for early: a chooser that opens before the browser knows that it is waited for is lost.
        var opened = new TaskCompletionSource<IFileChooser>();
        Driver.Page.FileChooser += (_, found) => opened.TrySetResult(found);
        await Driver.OpenAsync(withKey: false);
        await Driver.Page.Keyboard.TypeAsync(Driver.Service.Key);
        await Driver.Page.Keyboard.PressAsync("Enter");
        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
        await TabToAsync(Driver.Button("New batch"));
        await Driver.Page.Keyboard.PressAsync("Enter");
        var chooser = Driver.Page.GetByLabel("Choose a JSONL file");
        await Expect(chooser).ToBeFocusedAsync();
        await Driver.Page.Keyboard.PressAsync("Enter");
        await (await opened.Task.WaitAsync(TimeSpan.FromSeconds(30))).SetFilesAsync(FileOf("day.jsonl", PageDriver.LineOf("a")));
        await Expect(Driver.Page.GetByLabel("Endpoint")).ToHaveValueAsync("/v1/chat/completions");
        await TabToAsync(Driver.Button("Create batch"));
        await Driver.Page.Keyboard.PressAsync("Enter");
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");
        await Expect(Driver.Page.Locator("#batch-title")).ToBeFocusedAsync();
        await TabToAsync(Driver.Page.GetByRole(AriaRole.Button, new() { Name = "Download output file" }));
        var download = await Driver.Page.RunAndWaitForDownloadAsync(() => Driver.Page.Keyboard.PressAsync("Enter"));
        Assert.Contains("\"custom_id\":\"a\"", await File.ReadAllTextAsync(await download.PathAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_file_is_sent_in_parts_and_its_progress_told()
    {
        var sent = new List<string>();
        Driver.Page.Request += (_, request) => sent.Add($"{request.Method} {new Uri(request.Url).AbsolutePath.Split('/')[^1]}");
        var line = PageDriver.LineOf("a").Replace("marker=a", "marker=a " + new string('x', 1_000_000), StringComparison.Ordinal);
        var content = string.Concat(Enumerable.Range(0, 20).Select(i => line.Replace("\"custom_id\":\"a\"", $"\"custom_id\":\"{i}\"", StringComparison.Ordinal)));
        await Driver.OpenAsync();
        await ChooseLargeAsync(content);

        // The second part is refused once, as a connection that breaks would: it alone is sent again.
        var broken = 0;
        await Driver.Page.RouteAsync("**/parts", route => Interlocked.Increment(ref broken) == 2 ? route.AbortAsync() : route.ContinueAsync());
        await Driver.Button("Create batch").ClickAsync();
        await Expect(Driver.Page.GetByRole(AriaRole.Progressbar, new() { Name = "Upload" })).ToBeVisibleAsync();
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Completed");
        await Expect(Driver.Page.Locator("#batch-counts")).ToContainTextAsync("Completed20");
        Assert.Equal(
            ["POST uploads", "POST parts", "POST parts", "POST parts", "POST complete", "POST batches"],
            sent.Where(request => request.StartsWith("POST", StringComparison.Ordinal)));
        var id = new Uri(Driver.Page.Url).Fragment["#/batches/".Length..];
        var batch = await Driver.UntilAsync(id, "completed");
        Assert.Equal(content, Encoding.UTF8.GetString(await Driver.ContentAsync(batch.GetProperty("input_file_id").GetString()!)));
    }

    [Fact]
    public async Task A_large_upload_that_is_stopped_is_given_up()
    {
        await Driver.OpenAsync();
        await ChooseLargeAsync(PageDriver.LineOf("a") + new string('\n', 17_000_000));
        var reached = new TaskCompletionSource();
        await Driver.Page.RouteAsync("**/parts", route =>
        {
            reached.TrySetResult();
            return Task.CompletedTask;
        });
        await Driver.Button("Create batch").ClickAsync();
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var given = await Driver.Page.RunAndWaitForResponseAsync(
            () => Driver.Button("Stop").ClickAsync(), response => response.Url.EndsWith("/cancel", StringComparison.Ordinal));
        Assert.Equal(200, given.Status);
        await Expect(Driver.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData("not json\n", "The first line is no JSON object", "Must be .jsonl: the first line is no JSON object.")]
    [InlineData("{\"url\":\"/v1/nothing\"}\n", "First line: /v1/nothing, which this service does not offer", null)]
    public async Task What_is_wrong_with_a_file_is_told(string content, string hint, string? refusal)
    {
        await Driver.OpenAsync();
        await ChooseAsync(FileOf("bad.jsonl", content));
        await Expect(Driver.Page.GetByText(hint)).ToBeVisibleAsync();
        await Driver.Button("Create batch").ClickAsync();
        await Expect(Driver.Page.GetByText("Choose the endpoint that the file’s lines are for.")).ToBeVisibleAsync();
        await Expect(Driver.Page.GetByLabel("Endpoint")).ToBeFocusedAsync();
        await Driver.Page.GetByLabel("Endpoint").SelectOptionAsync("/v1/embeddings");
        await Driver.Button("Create batch").ClickAsync();
        if (refusal is null)
        {
            await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("Failed");
        }
        else
        {
            await Expect(Driver.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Alert)).ToContainTextAsync(refusal);
        }
    }

    [Fact]
    public async Task Drops_that_make_no_batch_say_why()
    {
        await Driver.OpenAsync(withKey: false);
        await DragAsync("drop", "day.jsonl", "{}");
        await Expect(Driver.Page.GetByText("Paste an API key first, then drop the file.")).ToBeVisibleAsync();
        await Driver.EnterKeyAsync(Driver.Service.Key);
        await DragAsync("drop", "day.jsonl", "{}", files: 2);
        await Expect(Driver.Page.GetByText("A batch is made of one file: drop one at a time.")).ToBeVisibleAsync();
        await Driver.Button("Dismiss").ClickAsync();
        await Expect(Driver.Page.GetByText("A batch is made of one file")).ToHaveCountAsync(0);
        await Driver.Button("New batch").ClickAsync();
        await Driver.Button("Create batch").ClickAsync();
        await Expect(Driver.Page.GetByText("Choose a file first.")).ToBeVisibleAsync();
    }

    private static FilePayload FileOf(string name, string content) =>
        new() { Name = name, MimeType = "application/jsonl", Buffer = Encoding.UTF8.GetBytes(content) };

    private async Task ChooseAsync(FilePayload file)
    {
        await Driver.Button("New batch").ClickAsync();
        await Driver.Page.Locator("#create-file").SetInputFilesAsync(file);
        await Expect(Driver.Page.GetByText($"{file.Name} ·")).ToBeVisibleAsync();
    }

    private async Task ChooseLargeAsync(string content)
    {
        await Driver.Button("New batch").ClickAsync();
        await Driver.ChooseAsync("large.jsonl", content);
        await Expect(Driver.Page.GetByText("large.jsonl ·")).ToBeVisibleAsync();
    }

    private async Task DragAsync(string type, string name, string content, int files = 1) => await Driver.Page.EvaluateAsync(
        """
        ({ type, name, content, files }) => {
          const dataTransfer = new DataTransfer();
          for (let i = 0; i < files; i++) {
            dataTransfer.items.add(new File([content], name));
          }
          document.querySelector("main").dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
        }
        """,
        new { type, name, content, files });

    /// <summary>Goes on by the tabulator until a control has the focus.</summary>
    private async Task TabToAsync(ILocator control)
    {
        await Expect(control).ToBeEnabledAsync();
        for (var presses = 0; presses < 30; presses++)
        {
            if (await control.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }

            await Driver.Page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail("The control cannot be reached by the tabulator.");
    }
}
