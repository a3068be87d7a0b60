using System.Text.RegularExpressions;

namespace BatchFunctions.Infra.Tests;

/// <summary>What the template refuses.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task What_the_platform_does_not_take_is_refused_before_anything_is_deployed()
    {
        string[] parameters = ["maximumInstanceCount = 0", "maxRequestMiB = 201", "siteUpdateStrategy = 'Slots'", "alwaysReadyChunk = 21"];

        var refusal = await Deployment.RefusalAsync(parameters);

        Assert.Equal(parameters.Length, Regex.Count(refusal, "Error, Code = BCP"));
    }

    [Theory]
    [InlineData("Standard_LRS")]
    [InlineData("Standard_GRS")]
    public async Task Zones_without_storage_in_them_are_refused(string sku) =>
        Assert.Contains("BATCH_STORAGE_SKU", await Deployment.RefusalAsync("zoneRedundant = true", $"storageSku = '{sku}'"), StringComparison.Ordinal);
}
