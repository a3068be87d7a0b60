using System.Text.RegularExpressions;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Metering;
using BatchFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>What the project has used, as a chart and in numbers.</summary>
public sealed class UsageViewTests : PageTest
{
    private ILocator Chart => Driver.Page.Locator("#usage-chart");

    [Fact]
    public async Task Bars_and_sums_are_of_what_has_ended_and_change_with_what_is_asked_for()
    {
        Driver.Upstream.Answer(call => call.Marker == "b" ? ScriptedAnswer.Error(422, "No such words.") : ScriptedAnswer.Chat(call));
        var id = await Driver.CreateAsync(PageDriver.LineOf("a") + PageDriver.LineOf("b") + PageDriver.LineOf("c"));
        await Driver.UntilAsync(id, "completed");
        await AddAsync(Driver, daysAgo: 3, "large", lines: 1_000);
        await AddAsync(Driver, daysAgo: 40, "older", lines: 5_000);
        await Eventually.UntilAsync(async () => (await UsedAsync(0)) > 0, TimeSpan.FromMinutes(1), "the batch is counted");

        await Driver.OpenAsync();
        await Driver.Page.GetByRole(AriaRole.Link, new() { Name = "Usage" }).ClickAsync();

        await Expect(Driver.Heading("Usage")).ToBeFocusedAsync();
        await Expect(Driver.Page.Locator("header [aria-current=page]")).ToHaveTextAsync(["Usage"]);
        await Expect(Driver.Page.Locator("#usage-sums")).ToContainTextAsync("Batches2Completed lines952Failed lines51");
        await Expect(Chart.GetByRole(AriaRole.Img)).ToHaveAttributeAsync("aria-label", new Regex("^1,003 lines in 30 days, 51 of them failed or never run: at most 1,000 lines on .+\\.$"));
        await Expect(Chart.Locator("path.good")).ToHaveAttributeAsync("d", new Regex("^(M[0-9.]+ 140.0V[0-9.]+H[0-9.]+V140.0Z){2}$"));
        await Expect(Driver.Page.Locator("#usage-models tbody")).ToHaveTextAsync(new Regex("^large11,000.*scripted13"));
        await Expect(Driver.Page.Locator("#usage-failures tbody")).ToHaveTextAsync("429504221");

        await Driver.Page.GetByLabel("For how long").SelectOptionAsync("90");
        await Expect(Driver.Page.Locator("#usage-sums")).ToContainTextAsync("Batches3");
        await Driver.Page.GetByLabel("What the chart shows").SelectOptionAsync("batches");
        await Expect(Chart.GetByRole(AriaRole.Img)).ToHaveAttributeAsync("aria-label", new Regex("^3 batches in 90 days, 0 of them not completed"));
    }

    [Fact]
    public async Task Where_nothing_has_ended_it_says_so()
    {
        await Driver.OpenAsync("#/usage");
        await Expect(Driver.Page.GetByText("No batch has ended.")).ToBeVisibleAsync();
        await Expect(Chart.GetByRole(AriaRole.Img)).ToHaveAttributeAsync("aria-label", new Regex("^0 lines in 30 days"));
        await Driver.Page.Locator("#usage-view .back").ClickAsync();
        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
        await Expect(Driver.Page.Locator("header [aria-current]")).ToHaveCountAsync(0);
    }

    /// <summary>Puts a batch into the sums of a day.</summary>
    internal static Task AddAsync(PageDriver driver, int daysAgo, string model, int lines) => driver.Service.Get<UsageStore>().AddAsync(
        new BatchKey(PageDriver.Project, $"{model} {daysAgo}"),
        new UsageOfDay(Day(daysAgo), model, UsageSum.None with
        {
            Completed = 1,
            Lines = lines,
            LinesCompleted = lines * 95 / 100,
            LinesFailed = lines * 5 / 100,
            Tokens = new TokenUsage(lines * 120L, lines * 30L, lines * 40L, 0),
            Seconds = lines,
            Failures = Enumerable.Range(0, lines * 5 / 100).Aggregate(BatchFunctions.Batches.FailureKinds.None, (kinds, _) => kinds.WithStatus(429)),
        }),
        default);

    private async Task<long> UsedAsync(int daysAgo) => await Driver.Service.Get<UsageStore>()
        .ListAsync(PageDriver.Project, Day(daysAgo + 1), Day(daysAgo), default).Select(row => row.Sum.Batches).SumAsync();

    private static DateOnly Day(int daysAgo) => DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-daysAgo);
}
