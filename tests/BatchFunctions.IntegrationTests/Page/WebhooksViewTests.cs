using System.Text.RegularExpressions;
using BatchFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>Endpoints that are told of batches: added, tested, switched off and deleted, and what was sent to them.</summary>
public sealed class WebhooksViewTests : PageTest
{
    private const string Path = "/events";

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
        await failing.GetByRole(AriaRole.Button, new() { Name = "New secret" }).ClickAsync();
        await Expect(Driver.Page.Locator("#webhook-secret")).ToHaveTextAsync(new Regex("^whsec_"));
    }

    /// <summary>Events that have come: the upstream is the receiver too.</summary>
    private int Events => Driver.Upstream.Calls.Count(call => call.Path == Path);

    private ILocator Card => Driver.Page.Locator("#webhooks > section");

    private ILocator Rows => Driver.Page.Locator("#deliveries-rows tr");

    private ILocator CardOf(string url) => Driver.Page.GetByRole(AriaRole.Region, new() { Name = $"Webhook {url}", Exact = true });

    private async Task AddAsync(string url)
    {
        await Driver.Page.GetByLabel("URL").FillAsync(url);
        await Driver.Button("Add webhook").ClickAsync();
    }
}
