using System.Text.RegularExpressions;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Webhooks;
using Microsoft.Extensions.Options;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>Endpoints that are told of batches: added, tested, switched off and deleted, and what was sent to them.</summary>
public sealed class WebhooksViewTests : PageTest
{
    private const string Path = "/events";

    /// <summary>The endpoint of the showcase that does well.</summary>
    private const string Good = "https://hooks.example.com/batches";

    [Fact]
    public async Task An_endpoint_is_added_shows_its_secret_once_and_is_told_of_a_batch()
    {
        await Driver.OpenAsync();
        await Driver.Page.GetByRole(AriaRole.Link, new() { Name = "Webhooks" }).ClickAsync();
        await Expect(Driver.Page.GetByText("None yet: nobody is told when a batch ends.")).ToBeVisibleAsync();
        await AddAsync(new Uri(Driver.Upstream.Address, Path).ToString());

        await Expect(Driver.Page.Locator("#webhook-secret")).ToHaveTextAsync(new Regex("^whsec_"));
        await Driver.Button("Done").ClickAsync();
        await Expect(Driver.Page.Locator("#webhook-secret")).ToBeEmptyAsync();
        await Driver.Button("Test").ClickAsync();
        await Expect(Card).ToContainTextAsync("It took the test’s event (200).");

        var id = await Driver.CreateAsync(PageDriver.LineOf("a"));
        await Driver.UntilAsync(id, "completed");
        await Eventually.UntilAsync(() => Events == 2, "the event has come");
        await Driver.Page.ReloadAsync();
        await Expect(Rows).ToHaveCountAsync(2);
        await Expect(Rows.First).ToHaveTextAsync(new Regex($"batch.completed…{id[^6..]}(Delivered|Being sent)"));
        await Driver.Button($"Send again: batch.completed of …{id[^6..]}").ClickAsync();
        await Eventually.UntilAsync(() => Events == 3, "the event has come again");
        await Rows.First.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(Driver.Page.Locator("#batch-id")).ToHaveTextAsync(id);
    }

    [Fact]
    public async Task What_is_wrong_is_said_where_it_was_typed()
    {
        await Driver.OpenAsync("#/webhooks");
        await AddAsync("http://10.0.0.1/");

        await Expect(Driver.Page.Locator("#webhook-error")).ToContainTextAsync("begins with 'https://'");
        await Expect(Driver.Page.GetByLabel("URL")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(Driver.Page.Locator("#webhook-secret-card")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task One_that_fails_and_one_that_is_switched_off_say_so_and_are_switched_on_and_deleted()
    {
        await Showcase.AddWebhooksAsync(Driver);
        await Driver.OpenAsync("#/webhooks");
        var (failing, off) = (CardOf("https://ops.example.com/alerts?team=eu"), CardOf("https://old.example.com/"));

        await Expect(failing).ToContainTextAsync("Failing since");
        await Expect(off).ToContainTextAsync("it answered that it is gone (410)");
        await Expect(Rows.Filter(new() { HasText = "no answer in time" })).ToHaveCountAsync(1);
        await off.GetByRole(AriaRole.Button, new() { Name = "Enable" }).ClickAsync();
        await Expect(off).ToContainTextAsync("Enabled");
        await off.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Driver.Button("Delete webhook").ClickAsync();
        await Expect(off).ToHaveCountAsync(0);
        await Expect(Driver.Page.Locator("#webhooks-title")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Another_secret_is_made_once_that_is_confirmed()
    {
        await Showcase.AddWebhooksAsync(Driver);
        await Driver.OpenAsync("#/webhooks");
        var before = await SecretAsync();
        var makeNew = CardOf(Good).GetByRole(AriaRole.Button, new() { Name = "New secret" });
        await makeNew.ClickAsync();
        await Expect(Driver.Button("Keep it")).ToBeFocusedAsync();
        await Expect(Driver.Page.Locator("#webhook-rotate-url")).ToHaveTextAsync(Good);
        await Driver.Page.Keyboard.PressAsync("Escape");
        await Expect(Driver.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        Assert.Equal(before, await SecretAsync());

        await makeNew.ClickAsync();
        await Driver.Button("Make a new secret").ClickAsync();
        await Expect(Driver.Page.Locator("#webhook-secret")).ToHaveTextAsync(new Regex("^whsec_"));
        Assert.NotEqual(before, await SecretAsync());
    }

    [Fact]
    public async Task A_service_that_sends_no_events_says_so_and_keeps_the_key()
    {
        await Showcase.AddWebhooksAsync(Driver);
        await Driver.OpenAsync("#/webhooks");
        Driver.Service.Get<IOptions<BatchOptions>>().Value.Webhooks.MaxEndpoints = 0;
        await CardOf(Good).GetByRole(AriaRole.Button, new() { Name = "Test" }).ClickAsync();

        await Expect(Driver.Page.GetByText("This service sends no events")).ToBeVisibleAsync();
        await Expect(CardOf(Good)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_says_so()
    {
        await Showcase.AddWebhooksAsync(Driver);
        var good = await GoodAsync();
        var table = Driver.Service.Get<StorageClients>().Tables.GetTableClient(TableNames.Webhooks);
        await table.UpdateEntityAsync(new TableEntity(good.Tenant, IdKind.Webhook.RowKeyOf(good.Id)) { ["Url"] = Good }, ETag.All, TableUpdateMode.Replace);
        await Driver.OpenAsync("#/webhooks");

        await Expect(CardOf(Good)).ToContainTextAsync("what is stored of it cannot be read");
    }

    [Fact]
    public async Task A_host_that_the_browser_does_not_know_as_one_hides_no_other_endpoint()
    {
        const string Odd = "https://203.0.113.300/hook";
        Assert.True(Uri.TryCreate(Odd, UriKind.Absolute, out _));
        await Showcase.AddWebhooksAsync(Driver);
        var good = await GoodAsync();
        await Driver.Service.Get<WebhookStore>().InsertAsync(good with { Id = IdKind.Webhook.New(DateTimeOffset.UtcNow), Url = Odd, Name = null }, CancellationToken.None);
        await Driver.OpenAsync("#/webhooks");

        await Expect(CardOf(Odd).GetByRole(AriaRole.Heading)).ToHaveTextAsync(Odd);
        await Expect(CardOf(Good)).ToBeVisibleAsync();
        await Expect(Rows).ToHaveCountAsync(5);
    }

    [Fact]
    public async Task The_focus_stays_on_the_button_that_was_pressed()
    {
        await Driver.OpenAsync("#/webhooks");
        await AddAsync(new Uri(Driver.Upstream.Address, Path).ToString());
        await Driver.Button("Done").ClickAsync();
        var id = await Driver.CreateAsync(PageDriver.LineOf("a"));
        await Driver.UntilAsync(id, "completed");
        await Eventually.UntilAsync(() => Events == 1, "the event has come");
        await Driver.Page.ReloadAsync();
        var test = Driver.Button("Test");
        await test.PressAsync("Enter");
        await Expect(Rows).ToHaveCountAsync(2);
        await Expect(Card).ToContainTextAsync("It took the test’s event (200).");
        await Expect(test).ToBeFocusedAsync();

        // The delivery that is sent again is not the newest: those before it change nothing.
        var again = Driver.Button($"Send again: batch.completed of …{id[^6..]}");
        await again.PressAsync("Enter");
        await Eventually.UntilAsync(() => Events == 3, "the event has come again");
        await Expect(Rows.Filter(new() { HasText = id[^6..] })).ToContainTextAsync("Delivered");
        await Expect(again).ToBeEnabledAsync();
        await Expect(again).ToBeFocusedAsync();
        await Driver.Page.RouteAsync("**/resend", route => route.FulfillAsync(new() { Status = 503, Body = "" }));
        await again.PressAsync("Enter");
        await Expect(Driver.Page.Locator("#alert")).ToContainTextAsync("503");
        await Expect(again).ToBeEnabledAsync();
        await Expect(again).ToBeFocusedAsync();

        await Driver.Button("Disable").PressAsync("Enter");
        await Expect(Driver.Button("Enable")).ToBeFocusedAsync();
        await Expect(again).ToBeHiddenAsync();
    }

    [Fact]
    public async Task What_ends_after_the_view_was_left_asks_for_nothing_more()
    {
        await Showcase.AddWebhooksAsync(Driver);
        await Driver.OpenAsync("#/webhooks");
        var released = new TaskCompletionSource();
        await Driver.Page.RouteAsync("**/test", async route =>
        {
            await released.Task;
            await route.FulfillAsync(new() { Json = new { status = "delivered", last_status = 200 } });
        });
        var test = CardOf(Good).Locator("[data-field=test]");
        await test.ClickAsync();
        await Driver.Page.GetByRole(AriaRole.Link, new() { Name = "Usage" }).ClickAsync();
        await Expect(Driver.Page.Locator("#usage-panels")).ToBeVisibleAsync();
        var asked = 0;
        Driver.Page.Request += (_, request) => asked += request.Method == "GET" && request.Url.Contains("/v1/webhooks", StringComparison.Ordinal) ? 1 : 0;
        released.SetResult();

        await Expect(Driver.Page.Locator("#said")).ToHaveTextAsync("It took the test’s event (200).");
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task A_secret_that_comes_after_the_view_was_left_is_shown_to_nobody()
    {
        await Driver.OpenAsync("#/webhooks");
        var released = new TaskCompletionSource();
        await Driver.Page.RouteAsync("**/v1/webhooks", async route =>
        {
            if (route.Request.Method == "POST")
            {
                await released.Task;
            }

            await route.ContinueAsync();
        });
        await AddAsync(new Uri(Driver.Upstream.Address, Path).ToString());
        await Driver.Button("Forget key").ClickAsync();
        var made = Driver.Page.WaitForResponseAsync(response => response.Request.Method == "POST");
        released.SetResult();
        Assert.Equal(200, (await made).Status);
        await Expect(Driver.Page.Locator("#webhook-add")).ToBeEnabledAsync();
        await Driver.EnterKeyAsync(Driver.Service.Key);

        await Expect(Card).ToHaveCountAsync(1);
        await Expect(Driver.Page.Locator("#webhook-secret")).ToBeEmptyAsync();
        await Expect(Driver.Page.Locator("#webhook-secret-card")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Where_nothing_can_be_copied_no_button_says_so()
    {
        await Driver.Page.AddInitScriptAsync("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
        await Driver.OpenAsync("#/webhooks");
        await AddAsync(new Uri(Driver.Upstream.Address, Path).ToString());

        await Expect(Driver.Page.Locator("#webhook-secret")).ToHaveTextAsync(new Regex("^whsec_"));
        await Expect(Driver.Page.Locator("#webhook-secret-copy")).ToBeHiddenAsync();
    }

    /// <summary>Events that have come: the upstream is the receiver too.</summary>
    private int Events => Driver.Upstream.Calls.Count(call => call.Path == Path);

    private ILocator Card => Driver.Page.Locator("#webhooks > section");

    private ILocator Rows => Driver.Page.Locator("#deliveries-rows tr");

    private ILocator CardOf(string url) => Driver.Page.GetByRole(AriaRole.Region, new() { Name = $"Webhook {url}", Exact = true });

    private async Task<Webhook> GoodAsync() =>
        (await Driver.Service.Get<WebhookStore>().ListAsync(PageDriver.Project, CancellationToken.None)).Single(webhook => webhook.Url == Good);

    private async Task<string> SecretAsync() => (await GoodAsync()).Secret;

    private async Task AddAsync(string url)
    {
        await Driver.Page.GetByLabel("URL").FillAsync(url);
        await Driver.Button("Add webhook").ClickAsync();
    }
}
