namespace BatchFunctions.IntegrationTests.Page;

/// <summary>
/// A test of the page: a service and a tab of its own, and at the end not one request to another host, breach of the policy
/// or uncaught error.
/// </summary>
public abstract class PageTest : IAsyncLifetime
{
    private protected PageDriver Driver { get; private set; } = null!;

    public virtual async Task InitializeAsync() => Driver = await PageDriver.StartAsync();

    public async Task DisposeAsync()
    {
        await using (Driver)
        {
            Assert.Empty(await Driver.ComplaintsAsync());
        }
    }
}
