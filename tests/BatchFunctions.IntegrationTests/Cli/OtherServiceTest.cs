namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>A test of the command line against a service that is not this project's.</summary>
public abstract class OtherServiceTest : IAsyncLifetime
{
    private protected OtherService Service { get; private set; } = null!;

    private protected CliDriver Cli { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Service = await OtherService.StartAsync();
        Cli = new CliDriver(Service.BaseUrl, "sk-other");
    }

    public async Task DisposeAsync()
    {
        Cli.Dispose();
        await Service.DisposeAsync();
    }
}
