using Deque.AxeCore.Commons;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>
/// Each view, light and dark, wide and as narrow as a phone: it fits, and axe finds nothing against it. Leaves a picture of
/// each in the folder <c>pictures</c> of the test's output; README.md shows <c>list-light-1280.png</c>.
/// </summary>
public sealed class ViewTests : PageTest
{
    /// <summary>
    /// The rules that look at colours: those that the dark scheme could break, as it changes nothing else. By their tag alone axe would also
    /// run one that it leaves out where it runs all.
    /// </summary>
    private static readonly object Colours = new
    {
        runOnly = new[] { "cat.color" },
        rules = new Dictionary<string, object> { ["color-contrast-enhanced"] = new { enabled = false } },
    };

    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    private static readonly string Pictures = Path.Combine(AppContext.BaseDirectory, "pictures");

    [Theory]
    [InlineData("key")]
    [InlineData("wrong-key")]
    [InlineData("empty")]
    [InlineData("list")]
    [InlineData("running")]
    [InlineData("completed")]
    [InlineData("failed")]
    [InlineData("failures")]
    [InlineData("create")]
    [InlineData("checked")]
    [InlineData("checked-faults")]
    [InlineData("cancel")]
    [InlineData("service")]
    [InlineData("usage")]
    [InlineData("webhooks")]
    [InlineData("new-webhook")]
    [InlineData("new-secret")]
    public async Task A_view_fits_and_is_open_to_everybody(string view)
    {
        await OpenAsync(view);
        await CheckAsync(view, ColorScheme.Light, 1280);
        await CheckAsync(view, ColorScheme.Dark, 1280);
        await CheckAsync(view, ColorScheme.Light, 360);
    }

    [Fact]
    public async Task What_shuts_somebody_out_would_be_found()
    {
        await OpenAsync("key");
        await Driver.Page.EvaluateAsync("document.querySelector('main').append(document.createElement('img'))");

        Assert.Contains(await ViolationsAsync(), violation => violation.StartsWith("image-alt:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_dark_scheme_changes_colours_alone()
    {
        await OpenAsync("key");
        var css = await Driver.Page.EvaluateAsync<string>("fetch('/page/page.css').then((answer) => answer.text())");

        // light-dark() has two colours and nothing else.
        Assert.Contains("light-dark(", css, StringComparison.Ordinal);
        Assert.DoesNotContain("prefers-color-scheme", css, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_colour_that_nobody_can_read_would_be_found()
    {
        await OpenAsync("key");
        await Driver.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await Driver.Page.EvaluateAsync("document.querySelector('h1').style.color = 'light-dark(#000, #222)'");

        Assert.Contains(await ViolationsAsync(Colours), violation => violation.StartsWith("color-contrast:", StringComparison.Ordinal));
    }

    private async Task CheckAsync(string view, ColorScheme scheme, int width)
    {
        await Driver.Page.SetViewportSizeAsync(width, 860);
        await Driver.Page.Mouse.MoveAsync(0, 0);
        await Driver.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
        await Driver.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, $"{view}-{scheme}-{width}.png".ToLowerInvariant()), Animations = ScreenshotAnimations.Disabled });

        Assert.True(await Driver.Page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, "It is wider than the window.");
        var ground = await Driver.Page.EvaluateAsync<int>("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])");
        Assert.Equal(scheme == ColorScheme.Dark, ground < 128);
        Assert.Empty(await ViolationsAsync(scheme == ColorScheme.Dark ? Colours : null));
    }

    /// <summary>
    /// What axe finds against the page as it is. Its package for Playwright loads axe's half megabyte twice for each answer, for
    /// the frames of other sites that a page may have and this one has not; that took a minute of the processor.
    /// </summary>
    /// <param name="rules">Which rules are asked, in axe's words; null for all.</param>
    private async Task<string[]> ViolationsAsync(object? rules = null)
    {
        if (!await Driver.Page.EvaluateAsync<bool>("'axe' in window"))
        {
            await Driver.Page.EvaluateAsync(Axe);
        }

        return await Driver.Page.EvaluateAsync<string[]>(
            """
            async (rules) => (await axe.run(document, { resultTypes: ["violations"], ...rules })).violations
                .map((violation) => `${violation.id}: ${violation.help} ${violation.nodes.map((node) => node.html).join("; ")}`)
            """,
            rules);
    }

    private async Task OpenAsync(string view)
    {
        switch (view)
        {
            case "key":
                await Driver.OpenAsync(withKey: false);
                break;
            case "wrong-key":
                await Driver.OpenAsync(withKey: false);
                await Driver.EnterKeyAsync("sk-wrong");
                await Expect(Driver.Page.GetByText("Incorrect API key provided.")).ToBeVisibleAsync();
                break;
            case "empty":
                await Driver.OpenAsync();
                await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
                break;
            case "list":
                await Showcase.AddAsync(Driver);
                await Driver.OpenAsync();
                await Expect(Driver.Page.Locator("tbody tr")).Not.ToHaveCountAsync(0);
                break;
            case "create":
                await Driver.OpenAsync();
                await Driver.Button("New batch").ClickAsync();
                await Driver.Page.Locator("#create-file").SetInputFilesAsync(new FilePayload
                {
                    Name = "requests.jsonl",
                    MimeType = "application/jsonl",
                    Buffer = System.Text.Encoding.UTF8.GetBytes(PageDriver.LineOf("a")),
                });
                await Expect(Driver.Page.GetByText("First line: /v1/chat/completions")).ToBeVisibleAsync();
                break;
            case "checked":
            case "checked-faults":
                await Driver.OpenAsync();
                await Driver.Button("New batch").ClickAsync();
                var wrong = view == "checked" ? "" : "no JSON\n" + PageDriver.LineOf("row-7") + PageDriver.LineOf("row-8").Replace("POST", "GET", StringComparison.Ordinal);
                await Driver.Page.Locator("#create-file").SetInputFilesAsync(new FilePayload
                {
                    Name = "requests.jsonl",
                    MimeType = "application/jsonl",
                    Buffer = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 30).Select(row =>
                        PageDriver.LineOf($"row-{row}").Replace("\"scripted\"", row % 3 == 0 ? "\"gpt-4o-mini\"" : "\"scripted\"", StringComparison.Ordinal))) + wrong),
                });
                await Driver.Button("Check").ClickAsync();
                await Expect(Driver.Page.GetByText("about")).ToHaveCountAsync(2);
                break;
            case "failures":
                await Driver.OpenAsync($"#/batches/{await Showcase.RunAsync(Driver, "completed")}");
                await Driver.Page.Locator("#batch-failures summary").First.ClickAsync();
                await Expect(Driver.Page.GetByRole(AriaRole.Group, new() { Name = "Answer" })).ToBeVisibleAsync();
                await Driver.Page.Locator("#batch-errors-card").ScrollIntoViewIfNeededAsync();
                break;
            case "cancel":
                await Driver.OpenAsync(await Showcase.AddRunningAsync(Driver));
                await Driver.Button("Cancel batch").ClickAsync();
                break;
            case "webhooks":
                await Showcase.AddWebhooksAsync(Driver);
                await Driver.OpenAsync("#/webhooks");
                await Expect(Driver.Page.Locator("#deliveries-rows tr")).Not.ToHaveCountAsync(0);
                break;
            case "new-secret":
                await Showcase.AddWebhooksAsync(Driver);
                await Driver.OpenAsync("#/webhooks");
                await Driver.Button("New secret").First.ClickAsync();
                break;
            case "new-webhook":
                await Driver.OpenAsync("#/webhooks");
                await Driver.Page.GetByLabel("URL").FillAsync("https://example.com/webhooks");
                await Driver.Button("Add webhook").ClickAsync();
                await Expect(Driver.Heading("Its secret")).ToBeVisibleAsync();
                break;
            case "service":
                await Showcase.AddServiceAsync(Driver, 26, 22, 16);
                await Driver.OpenAsync("#/service");
                await Expect(Driver.Heading("Upstream default")).ToBeVisibleAsync();
                break;
            case "usage":
                foreach (var daysAgo in Enumerable.Range(0, 30).Where(day => day % 7 is not (2 or 3)))
                {
                    await UsageViewTests.AddAsync(Driver, daysAgo, daysAgo % 3 == 0 ? "gpt-4o-mini" : "llama-3.1-8b-instruct", 4_000 + (daysAgo * 7_919 % 5_000));
                }

                await Driver.OpenAsync("#/usage");
                await Expect(Driver.Page.Locator("#usage-models tbody tr")).ToHaveCountAsync(2);
                break;
            case "running":
                await Driver.OpenAsync(await Showcase.AddRunningAsync(Driver));
                await Expect(Driver.Page.Locator("#batch-latest tbody tr")).ToHaveCountAsync(20);
                await Expect(Driver.Page.GetByRole(AriaRole.Button, new() { Name = "Download so far" })).ToHaveCountAsync(2);
                break;
            default:
                var id = await Showcase.RunAsync(Driver, view);
                await Driver.OpenAsync($"#/batches/{id}");
                await Expect(Driver.Page.Locator("#batch-failures summary").First).ToBeVisibleAsync();
                await Expect(Driver.Page.Locator("#batch-files button").First).ToBeEnabledAsync();
                break;
        }
    }
}
