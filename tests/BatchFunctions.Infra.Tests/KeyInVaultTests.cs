using System.Text.Json;
using BatchFunctions.Configuration;

namespace BatchFunctions.Infra.Tests;

/// <summary>What a deployment says of the upstream's key, and the next one begins with.</summary>
public sealed class KeyInVaultTests
{
    private const string State = "BATCH_UPSTREAM_KEY_IN_VAULT";

    [Fact]
    public async Task A_deployment_without_the_key_leaves_the_app_the_one_that_an_earlier_one_put_into_the_vault()
    {
        using var file = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.File("infra/main.parameters.json")));

        // azd keeps an output under its name, and the next deployment begins with it.
        Assert.Equal($"${{{State}=auto}}", file.RootElement.GetProperty("parameters").GetProperty("upstreamKeyInVault").GetProperty("value").GetString());
        var first = await Deployment.OutputAsync(State, "upstreamApiKey = 'the-key-itself'");
        var second = await Deployment.PredictAsync($"upstreamKeyInVault = '{first}'");

        Assert.Contains("@Microsoft.KeyVault(SecretUri=", second.Settings[BatchOptions.Section + "__Upstream__ApiKey"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto", false, "auto")]
    [InlineData("no", true, "no")]
    public async Task Whether_there_is_a_key_in_the_vault_stays_as_it_was_said(string said, bool carriesKey, string kept) => Assert.Equal(
        kept,
        await Deployment.OutputAsync(State, $"upstreamKeyInVault = '{said}'", $"upstreamApiKey = '{(carriesKey ? "the-key-itself" : "")}'"));
}
