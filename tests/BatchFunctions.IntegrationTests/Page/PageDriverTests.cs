namespace BatchFunctions.IntegrationTests.Page;

/// <summary>What keeps tests apart whose tabs share a context.</summary>
public sealed class PageDriverTests : PageTest
{
    [Fact]
    public async Task A_clock_that_is_replaced_is_seen()
    {
        await Driver.StandApartAsync();
        await Driver.OpenAsync(withKey: false);
        Assert.False(await Driver.HasReplacedClockAsync());
        await Driver.Page.Clock.InstallAsync();

        Assert.True(await Driver.HasReplacedClockAsync());
    }

    [Fact]
    public async Task A_test_that_stands_apart_leaves_the_clock_of_others_as_it_is()
    {
        await using var other = await PageDriver.StartAsync();
        await Driver.StandApartAsync();
        await Driver.Page.Clock.InstallAsync();

        Assert.False(await other.HasReplacedClockAsync());
    }
}
