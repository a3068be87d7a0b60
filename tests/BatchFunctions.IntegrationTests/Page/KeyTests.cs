using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>The key: asked for, kept in the tab alone, refused in the API's words.</summary>
[Collection(PageTests.Name)]
public sealed class KeyTests(Chromium chromium) : IAsyncLifetime
{
    private PageDriver _driver = null!;

    public async Task InitializeAsync() => _driver = await PageDriver.StartAsync(chromium);

    public async Task DisposeAsync()
    {
        Assert.Empty(_driver.Complaints);
        await _driver.DisposeAsync();
    }

    [Fact]
    public async Task A_pasted_key_shows_its_batches_and_is_kept_in_the_tab_alone()
    {
        var batch = await _driver.AddAsync();
        await _driver.OpenAsync(withKey: false);
        await Expect(_driver.Page.GetByLabel("API key")).ToBeFocusedAsync();
        await _driver.EnterKeyAsync(_driver.Service.Key);
        var row = _driver.Page.Locator($"a[href='#/batches/{batch.Id}']");
        await Expect(row).ToBeVisibleAsync();

        await _driver.Page.ReloadAsync();
        await Expect(row).ToBeVisibleAsync();
        Assert.Equal(0, await _driver.Page.EvaluateAsync<int>("localStorage.length + document.cookie.length"));
        var second = await _driver.Page.Context.NewPageAsync();
        await second.GotoAsync(_driver.Address.ToString());
        await Expect(second.GetByLabel("API key")).ToBeVisibleAsync();
    }
}
