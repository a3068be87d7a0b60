using static Microsoft.Playwright.Assertions;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>The key: asked for, kept in the tab alone, refused in the API's words.</summary>
public sealed class KeyTests : PageTest
{
    [Fact]
    public async Task A_pasted_key_shows_its_batches_and_is_kept_in_the_tab_alone()
    {
        var batch = await Driver.AddAsync();
        await Driver.OpenAsync(withKey: false);
        await Expect(Driver.Page.GetByLabel("API key")).ToBeFocusedAsync();
        await Expect(Driver.Page.GetByText("keys add --project NAME")).ToBeVisibleAsync();
        await Driver.EnterKeyAsync($" Bearer {Driver.Service.Key}\n");
        await Expect(Driver.Row(batch.Id)).ToBeVisibleAsync();
        Assert.DoesNotContain(Driver.Service.Key, await Driver.Page.ContentAsync(), StringComparison.Ordinal);

        await Driver.Page.ReloadAsync();
        await Expect(Driver.Row(batch.Id)).ToBeVisibleAsync();
        Assert.Equal(0, await Driver.Page.EvaluateAsync<int>("localStorage.length + document.cookie.length"));
        var other = await Driver.Page.Context.NewPageAsync();
        await other.GotoAsync(Driver.Address.ToString());
        await Expect(other.GetByLabel("API key")).ToBeVisibleAsync();
        await other.CloseAsync();
    }

    [Fact]
    public async Task A_forgotten_key_takes_its_batches_along()
    {
        var batch = await Driver.AddAsync();
        await Driver.OpenAsync();
        await Expect(Driver.Row(batch.Id)).ToBeVisibleAsync();
        await Driver.Button("Forget key").ClickAsync();
        await Expect(Driver.Page.GetByLabel("API key")).ToBeFocusedAsync();
        await Expect(Driver.Row(batch.Id)).ToHaveCountAsync(0);
        Assert.Equal(0, await Driver.Page.EvaluateAsync<int>("sessionStorage.length"));
    }

    [Theory]
    [InlineData("sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Incorrect API key provided.")]
    [InlineData("nonsense", "Incorrect API key provided.")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJhdWQiOiJhIn0.c2ln", "Incorrect API key provided.")]
    [InlineData("two words", "That is no API key: it has spaces or letters that a key cannot have.")]
    [InlineData("sk-ключ", "That is no API key: it has spaces or letters that a key cannot have.")]
    [InlineData("", "That is no API key: it has spaces or letters that a key cannot have.")]
    public async Task A_key_that_is_refused_is_asked_for_again(string key, string reason)
    {
        await Driver.OpenAsync(withKey: false);
        await Driver.EnterKeyAsync(key);
        var field = Driver.Page.GetByLabel("API key");
        await Expect(Driver.Page.GetByRole(Microsoft.Playwright.AriaRole.Alert).Filter(new() { HasText = reason })).ToBeVisibleAsync();
        await Expect(field).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(field).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex(System.Text.RegularExpressions.Regex.Escape(reason)));

        await Driver.EnterKeyAsync(Driver.Service.Key);
        await Expect(Driver.Heading("No batches yet")).ToBeVisibleAsync();
    }
}
