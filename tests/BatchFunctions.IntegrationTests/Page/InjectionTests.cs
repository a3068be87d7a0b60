using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Processing;
using BatchFunctions.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>What users and upstreams write is text wherever the page shows it, and never markup.</summary>
public sealed class InjectionTests : PageTest
{
    private const string Markup = "<img src=x onerror=\"window.broken=1\"><script>window.broken=1</script>";

    [Fact]
    public async Task Names_metadata_ids_and_answers_are_shown_as_they_are_written()
    {
        Driver.Upstream.Answer(_ => ScriptedAnswer.Error(400, Markup));
        var line = PageDriver.LineOf("a").Replace("\"custom_id\":\"a\"", $"\"custom_id\":{JsonSerializer.Serialize(Markup)}", StringComparison.Ordinal)
            .Replace("\"model\":\"scripted\"", $"\"model\":{JsonSerializer.Serialize(Markup)}", StringComparison.Ordinal);
        var id = await Driver.CreateAsync(
            line, "b<img onerror=alert(1)>.jsonl", new Dictionary<string, string> { ["description"] = Markup, [Markup[..60]] = Markup });
        var made = await Driver.UntilAsync(id, "completed");

        await Driver.OpenAsync();
        await Expect(Driver.Row(id).GetByRole(AriaRole.Link)).ToHaveTextAsync(Markup);
        await Driver.Row(id).GetByRole(AriaRole.Link).ClickAsync();
        await Expect(Driver.Page.Locator("#batch-title")).ToHaveTextAsync(Markup);
        await Expect(Driver.Page.Locator("#batch-facts")).ToContainTextAsync(Markup[..60] + Markup);
        await Expect(Driver.Page.Locator("#batch-failures summary")).ToContainTextAsync([Markup[..20]]);
        await Driver.Page.Locator("#batch-failures summary").ClickAsync();
        await Expect(Driver.Page.Locator("#batch-failures [data-field=message]")).ToHaveTextAsync(Markup);
        await Expect(Driver.Page.Locator("#batch-failures [data-field=place]")).ToHaveTextAsync($"For example {Markup}, line 1");
        await Expect(Driver.Page.Locator("#batch-failures [data-field=request]")).ToContainTextAsync(Markup[..9]);
        await Expect(Driver.Page.Locator("#batch-files")).ToContainTextAsync("b<img onerror=alert(1)>.jsonl");
        Assert.Equal(Markup, made.GetProperty("model").GetString());
        Assert.Equal(1, await Driver.Page.Locator("img").CountAsync());
        Assert.False(await Driver.Page.EvaluateAsync<bool>("'broken' in window"));

        // A hash is no way in either.
        await Driver.Page.GotoAsync(Driver.Address + "#/batches/<img src=x onerror=alert(1)>");
        await Expect(Driver.Row(id)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Results_of_a_running_batch_are_shown_as_they_are_written()
    {
        var batch = await Driver.AddAsync(added => added.WithStatus(BatchStatus.InProgress) with
        {
            InProgressAt = added.CreatedAt,
            Counts = new RequestCounts(9, 0, 0),
        });
        await PublishedResults.PublishAsync(Driver, batch, ResultFile.Output, PublishedResults.Answered(Markup, Markup));
        await PublishedResults.PublishAsync(Driver, batch, ResultFile.Error, PublishedResults.Refused(Markup, Markup), "null\n", "7\n");

        await Driver.OpenAsync(batch);

        await Expect(Driver.Page.Locator("#batch-latest tbody tr")).ToHaveTextAsync(["", "", $"{Markup}400{Markup}", $"{Markup}200{Markup}"]);
        Assert.Equal(1, await Driver.Page.Locator("img").CountAsync());
        Assert.False(await Driver.Page.EvaluateAsync<bool>("'broken' in window"));
    }
}
