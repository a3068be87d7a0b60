using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Settings;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Tests.SelfHost;

public sealed class SelfHostSettingsTests
{
    [Fact]
    public void A_connection_string_is_taken_as_it_is()
    {
        var settings = SelfHostSettings.OfStorage("AccountName=a;AccountKey=a2V5");

        Assert.Equal("AccountName=a;AccountKey=a2V5", Assert.Single(settings).Value);
        Assert.Equal("AzureWebJobsStorage", Assert.Single(settings).Key);
    }

    [Theory]
    [InlineData("https://account.table.core.windows.net", "core.windows.net")]
    [InlineData("https://account.blob.core.usgovcloudapi.net/", "core.usgovcloudapi.net")]
    public void The_address_of_one_service_stands_for_all_three(string address, string suffix)
    {
        var settings = SelfHostSettings.OfStorage(address);

        Assert.Equal($"https://account.table.{suffix}", settings["AzureWebJobsStorage:tableServiceUri"]);
        Assert.Equal($"https://account.queue.{suffix}", settings["AzureWebJobsStorage:queueServiceUri"]);
        Assert.Equal($"https://account.blob.{suffix}", settings["AzureWebJobsStorage:blobServiceUri"]);
    }

    [Theory]
    [InlineData("account")]
    [InlineData("https://account")]
    public void What_names_no_storage_is_refused(string storage) =>
        Assert.Contains($"'{storage}' names no storage", Assert.Throws<StartupException>(() => SelfHostSettings.OfStorage(storage)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("AzureWebJobsStorage", "UseDevelopmentStorage=true", true)]
    [InlineData("AzureWebJobsStorage:accountName", "account", true)]
    [InlineData("AzureWebJobsStorage:tableServiceUri", "https://account.table.core.windows.net", true)]
    [InlineData("AzureWebJobsStorage", "", false)]
    [InlineData("Batch:ChunkLines", "10", false)]
    public void Storage_is_configured_in_either_of_the_two_ways(string setting, string value, bool expected) =>
        Assert.Equal(expected, SelfHostSettings.HasStorage(
            new ConfigurationBuilder().AddInMemoryCollection([new(setting, value)]).Build()));

    [Fact]
    public void An_override_stands_above_the_environment()
    {
        const string Variable = "SelfHostSettingsTests__Value";
        Environment.SetEnvironmentVariable(Variable, "environment");
        try
        {
            Assert.Equal("environment", SelfHostSettings.Read()["SelfHostSettingsTests:Value"]);
            Assert.Equal(
                "override",
                SelfHostSettings.Read(new Dictionary<string, string?> { ["SelfHostSettingsTests:Value"] = "override" })["SelfHostSettingsTests:Value"]);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }
}
