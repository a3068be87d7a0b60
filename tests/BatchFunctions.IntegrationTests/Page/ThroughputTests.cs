using System.Text.RegularExpressions;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Progress;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>How fast a batch gets on, in words and as a chart.</summary>
public sealed class ThroughputTests : PageTest
{
    private ILocator Pace => Driver.Page.Locator("#batch-pace");

    private ILocator Chart => Driver.Page.Locator("#batch-chart");

    [Fact]
    public async Task A_rate_and_the_time_left_are_told_and_drawn()
    {
        var batch = await AddAsync(TimeSpan.FromSeconds(60), step => 100 * step);
        await Driver.OpenAsync(batch);
        await Expect(Pace).ToHaveTextAsync(new Regex("^50 lines a second, about [0-9] s left$"));
        await Expect(Chart).ToContainTextAsync("at most 50 lines a second");
        await Expect(Chart.GetByRole(AriaRole.Img)).ToHaveAttributeAsync("aria-label", new Regex("^Lines over time, from .+ to .+: at most 50 lines a second, 50 lines a second last\\.$"));
        await Expect(Chart.Locator("path")).ToHaveAttributeAsync("d", new Regex("^M0 64(L[0-9.]+ [0-9.]+){11,}Z$"));

        await Driver.Service.Get<BatchStore>().MutateAsync(
            new BatchKey(batch.Tenant, batch.Id), running => running.Finalize(BatchStatus.Completed, DateTimeOffset.UtcNow), CancellationToken.None);
        await Expect(Pace).ToHaveTextAsync("");
        await Expect(Chart).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_batch_that_has_stalled_says_since_when_and_has_no_time_left()
    {
        await Driver.OpenAsync(await AddAsync(TimeSpan.FromMinutes(10), step => step));
        await Expect(Pace).ToHaveTextAsync(new Regex("^no line since .+, for 9 min$"));
    }

    [Fact]
    public async Task Of_a_batch_whose_first_line_has_not_come_nothing_is_told()
    {
        await Driver.OpenAsync(await Driver.AddAsync(added => Begun(added, 10, added.CreatedAt), TimeSpan.FromMinutes(3)));
        await Expect(Driver.Page.Locator("#batch-status")).ToHaveTextAsync("In progress");
        await Expect(Driver.Page.Locator("#batch-counts")).ToContainTextAsync("Waiting10");
        await Expect(Pace).ToHaveTextAsync("");
        await Expect(Chart).ToBeHiddenAsync();
    }

    /// <summary>A batch of 1,000 lines in which lines have come every two seconds, for a quarter of a minute.</summary>
    private Task<Batch> AddAsync(TimeSpan age, Func<int, int> done) => Driver.AddAsync(
        added =>
        {
            var begun = age < TimeSpan.FromMinutes(2) ? DateTimeOffset.UtcNow.AddSeconds(-12) : added.CreatedAt;
            var batch = Begun(added, 1_000, begun);
            for (var step = 1; step <= 6; step++)
            {
                batch = batch.Progress(done(step), 0, default, begun.AddSeconds(2 * step));
            }

            return batch;
        },
        age);

    private static Batch Begun(Batch batch, int lines, DateTimeOffset at) => batch with
    {
        InProgressAt = at,
        Counts = new RequestCounts(lines, 0, 0),
        History = ProgressHistory.None.With(at, 0),
    };
}
