using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Settings;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Tests.SelfHost;

public sealed class SelfHostSettingsTests
{
    [Theory]
    [InlineData("https://shop.table.core.windows.net", "https://shop.{0}.core.windows.net")]
    [InlineData("https://shop.blob.core.windows.net/", "https://shop.{0}.core.windows.net")]
    [InlineData("https://shop.z01.queue.storage.azure.net", "https://shop.z01.{0}.storage.azure.net")]
    public void An_accounts_address_stands_for_its_three_services(string address, string services)
    {
        var settings = SelfHostSettings.OfStorage(address);

        foreach (var kind in new[] { "blob", "queue", "table" })
        {
            Assert.Equal(
                services.Replace("{0}", kind, StringComparison.Ordinal), settings[$"AzureWebJobsStorage:{kind}ServiceUri"]);
        }
    }

    [Fact]
    public void An_accounts_address_stands_above_a_configured_connection_string()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true" })
            .AddInMemoryCollection(SelfHostSettings.OfStorage("https://shop.table.core.windows.net"))
            .Build();

        Assert.Null(configuration["AzureWebJobsStorage"]);
    }

    [Fact]
    public void A_connection_string_is_taken_as_it_is() => Assert.Equal(
        "UseDevelopmentStorage=true", SelfHostSettings.OfStorage("UseDevelopmentStorage=true")["AzureWebJobsStorage"]);

    [Theory]
    [InlineData("shop")]
    [InlineData("http://shop.table.core.windows.net")]
    [InlineData("https://127.0.0.1:10002/devstoreaccount1")]
    [InlineData("https://table.core.windows.net")]
    public void What_names_no_storage_is_refused_with_what_does(string text) => Assert.Contains(
        "https://ACCOUNT.table.core.windows.net",
        Assert.Throws<StartupException>(() => SelfHostSettings.OfStorage(text)).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("AzureWebJobsStorage", "UseDevelopmentStorage=true", true)]
    [InlineData("AzureWebJobsStorage:accountName", "shop", true)]
    [InlineData("AzureWebJobsStorage:tableServiceUri", "https://shop.table.core.windows.net", true)]
    [InlineData("AzureWebJobsStorage", "", false)]
    [InlineData("AzureWebJobsStorageOther", "x", false)]
    public void Storage_is_configured_in_any_of_the_ways_that_the_clients_read(string name, string value, bool expected) => Assert.Equal(
        expected,
        SelfHostSettings.HasStorage(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [name] = value }).Build()));
}
