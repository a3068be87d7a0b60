using System.Text.RegularExpressions;
using BatchFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>The whole service, for keys of operators: shown to nobody else, and asked for at a calm pace only while it is seen.</summary>
public sealed class ServiceViewTests : PageTest
{
    [Fact]
    public async Task Who_is_no_operator_is_led_to_the_list()
    {
        await Driver.OpenAsync("#/service");
        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
        await Expect(Way).ToBeHiddenAsync();
    }

    [Fact]
    public async Task An_operator_finds_the_way_and_back()
    {
        await BecomeOperatorAsync();
        await Driver.OpenAsync();
        await Way.ClickAsync();
        await Expect(Driver.Heading("Upstream default")).ToBeVisibleAsync();
        await Expect(Driver.Page.GetByText("None: nothing waits.")).ToBeVisibleAsync();

        await Driver.Page.Locator("#service-view .back").ClickAsync();
        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
        await Expect(Driver.Page.Locator("#list-title")).ToBeFocusedAsync();
        await Driver.Button("Forget key").ClickAsync();
        await Expect(Way).ToBeHiddenAsync();
    }

    [Fact]
    public async Task One_who_is_an_operator_no_more_keeps_the_key_and_is_led_to_the_list()
    {
        await BecomeOperatorAsync();
        await Driver.OpenAsync("#/service");
        await Expect(Driver.Heading("Upstream default")).ToBeVisibleAsync();
        await Driver.Page.RouteAsync("**/v1/operator", route => route.FulfillAsync(new() { Status = 403, Body = "{}" }));
        await Driver.Page.RouteAsync("**/v1/limits", route => route.FulfillAsync(new() { Status = 200, Body = """{"role":null}""" }));
        await Driver.Page.ReloadAsync();

        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
        await Expect(Way).ToBeHiddenAsync();
    }

    [Fact]
    public async Task What_runs_and_what_waits_is_told_as_it_changes()
    {
        await BecomeOperatorAsync();
        var isAway = false;
        var released = new TaskCompletionSource();
        Driver.Upstream.Answer(call => Volatile.Read(ref isAway) ? ScriptedAnswer.Error(401, "No such key") : ScriptedAnswer.Chat(call).After(released.Task));
        var id = await Driver.CreateAsync(string.Concat(Enumerable.Range(0, 6).Select(line => PageDriver.LineOf($"line-{line}"))));
        await Driver.OpenAsync("#/service");

        await Expect(Driver.Page.Locator("#service-projects tbody")).ToHaveTextAsync(new Regex("clients16[1-6]"));
        await Expect(Driver.Page.Locator("#service-oldest")).ToContainTextAsync($"Projectclients");
        await Expect(Driver.Page.Locator("#service-oldest")).ToContainTextAsync(id[^6..]);
        var upstream = Driver.Page.GetByRole(AriaRole.Region, new() { Name = "Upstream default" });
        await Expect(upstream.GetByRole(AriaRole.Table, new() { Name = "Processes with a share" }).Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(upstream.GetByRole(AriaRole.Meter)).ToHaveAttributeAsync("aria-valuenow", new Regex("[1-6]"));

        released.SetResult();
        await Driver.UntilAsync(id, "completed");
        Volatile.Write(ref isAway, true);
        await Driver.CreateAsync(string.Concat(Enumerable.Range(0, 6).Select(line => PageDriver.LineOf($"more-{line}"))));
        await Expect(upstream).ToContainTextAsync("(401)");
    }

    [Fact]
    public async Task Many_processes_take_a_few_rows()
    {
        await Showcase.AddServiceAsync(Driver, Enumerable.Repeat(4, 16).ToArray());
        await Driver.OpenAsync("#/service");

        var rows = Driver.Page.GetByRole(AriaRole.Table, new() { Name = "Processes with a share" }).Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(12);
        await Expect(rows.Last).ToHaveTextAsync(new Regex(@"^5 others20151,4052\.86(ok|away for 1)$"));
        await Expect(Driver.Page.GetByText("away (unreachable)").Or(Driver.Page.GetByText("away for 1"))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_poisoned_message_is_told_from_its_queue()
    {
        await BecomeOperatorAsync();
        await Driver.Page.RouteAsync("**/v1/operator", async route =>
        {
            var answer = await route.FetchAsync();
            var body = (await answer.TextAsync()).Replace("\"is_poison\":true,\"messages\":0", "\"is_poison\":true,\"messages\":2", StringComparison.Ordinal);
            await route.FulfillAsync(new() { Response = answer, Body = body });
        });
        await Driver.OpenAsync("#/service");

        await Expect(Driver.Page.Locator("#service-queues tr.bad")).ToHaveTextAsync(["batch-steps-poison20 s", "batch-chunk-poison20 s"]);
    }

    [Fact]
    public async Task It_is_asked_for_at_a_calm_pace_and_only_while_it_is_seen()
    {
        await Driver.StandApartAsync();
        await BecomeOperatorAsync();
        var asked = 0;
        Driver.Page.Request += (_, request) => asked += request.Url.EndsWith("/v1/operator", StringComparison.Ordinal) ? 1 : 0;
        await Driver.OpenAsync("#/service");
        await Expect(Driver.Heading("Upstream default")).ToBeVisibleAsync();
        Assert.Equal(1, asked);
        await Driver.Page.Clock.InstallAsync();
        await Driver.Page.ReloadAsync();
        await Eventually.UntilAsync(() => asked == 2, "it is asked for");
        await Expect(Driver.Page.Locator("#service-live")).ToContainTextAsync("as of");
        await Driver.Page.Clock.RunForAsync(5_000);
        Assert.Equal(2, asked);
        await Driver.Page.Clock.RunForAsync(5_500);
        await Eventually.UntilAsync(() => asked == 3, "it is asked for again");

        await Driver.Page.Locator("#service-view .back").ClickAsync();
        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
        await Driver.Page.Clock.RunForAsync(600_000);
        Assert.Equal(3, asked);
    }

    private ILocator Way => Driver.Page.GetByRole(AriaRole.Link, new() { Name = "Service", Exact = true });

    private Task BecomeOperatorAsync() => Showcase.BecomeOperatorAsync(Driver);
}
