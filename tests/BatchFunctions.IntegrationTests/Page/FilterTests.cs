using BatchFunctions.Batches;
using BatchFunctions.Ids;
using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>A filtered list as batches change, and the filter as the page goes elsewhere.</summary>
public sealed class FilterTests : PageTest
{
    [Fact]
    public async Task Older_batches_that_begin_to_match_come_into_the_list()
    {
        var older = await Driver.AddAsync(age: TimeSpan.FromHours(1));
        var newer = await Driver.AddAsync(Failed);
        await Driver.OpenAsync();
        await Driver.Page.GetByLabel("Status").SelectOptionAsync("Failed");
        await Expect(Driver.Page.Locator("#list-live")).ToHaveTextAsync("1 found");
        await FailAsync(older);
        await Driver.Button("Refresh").ClickAsync();

        await Expect(Driver.Row(older.Id)).ToBeVisibleAsync();
        Assert.Equal([newer.Id, older.Id], await Driver.ListedAsync());
    }

    [Fact]
    public async Task More_of_them_than_a_page_holds_are_loaded_as_more()
    {
        var older = new List<Batch>();
        for (var age = 1; age <= 60; age++)
        {
            older.Add(await Driver.AddAsync(age: TimeSpan.FromMinutes(age)));
        }

        var newer = await Driver.AddAsync(Failed);
        await Driver.OpenAsync();
        await Driver.Page.GetByLabel("Status").SelectOptionAsync("Failed");
        await Expect(Driver.Page.Locator("#list-live")).ToHaveTextAsync("1 found");
        foreach (var batch in older)
        {
            await FailAsync(batch);
        }

        await Driver.Button("Refresh").ClickAsync();
        await Expect(Driver.Page.Locator("#list-rows tr")).ToHaveCountAsync(50);
        await Driver.Button("Load more").ClickAsync();
        await Expect(Driver.Page.Locator("#list-rows tr")).ToHaveCountAsync(61);
        await Expect(Driver.Button("Load more")).ToBeHiddenAsync();
        Assert.Equal([newer.Id, .. older.Select(batch => batch.Id)], await Driver.ListedAsync());
    }

    [Fact]
    public async Task A_filter_that_went_with_the_key_is_applied_when_it_is_chosen_again()
    {
        await Driver.AddAsync();
        var failed = await Driver.AddAsync(Failed);
        await Driver.OpenAsync();
        await Driver.Page.GetByLabel("Status").SelectOptionAsync("Failed");
        await Expect(Driver.Page.Locator("#list-rows tr")).ToHaveCountAsync(1);
        await Driver.Button("Forget key").ClickAsync();
        await Driver.EnterKeyAsync(Driver.Service.Key);
        await Expect(Driver.Page.Locator("#list-rows tr")).ToHaveCountAsync(2);
        await Driver.Page.GetByLabel("Status").SelectOptionAsync("Failed");

        await Expect(Driver.Page.Locator("#list-rows tr")).ToHaveCountAsync(1);
        Assert.Equal([failed.Id], await Driver.ListedAsync());
    }

    [Fact]
    public async Task An_id_that_is_left_by_the_tabulator_leads_to_its_batch_and_back_to_a_list_without_a_filter()
    {
        var active = await Driver.AddAsync();
        await Driver.AddAsync(Failed, TimeSpan.FromMinutes(1));
        await Driver.OpenAsync();
        await Driver.Page.GetByLabel("Status").SelectOptionAsync("Failed");
        await Expect(Driver.Page.Locator("#list-rows tr")).ToHaveCountAsync(1);
        var text = Driver.Page.GetByRole(Microsoft.Playwright.AriaRole.Searchbox);
        await text.FillAsync(active.Id);
        await text.PressAsync("Tab");
        await Expect(Driver.Page.Locator("#batch-id")).ToHaveTextAsync(active.Id);
        await Driver.Page.GoBackAsync();

        await Expect(Driver.Page.GetByLabel("Status")).ToHaveValueAsync("");
        await Expect(Driver.Page.Locator("#list-rows tr")).ToHaveCountAsync(2);
        await Expect(Driver.Page.Locator("#list-live")).ToHaveTextAsync("2 in all · 1 active");
    }

    private static Batch Failed(Batch batch) => batch.Fail([BatchFailures.NoInput], batch.CreatedAt.AddSeconds(1));

    private Task<Batch?> FailAsync(Batch batch) =>
        Driver.Service.Get<BatchStore>().MutateAsync(new BatchKey(batch.Tenant, batch.Id), Failed, CancellationToken.None);
}
