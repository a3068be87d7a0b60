using System.Text.Json;

namespace BatchFunctions.Infra.Tests;

[Collection(nameof(Deployments))]
public sealed class PlatformTests(Deployments deployments)
{
    [Fact]
    public void The_app_runs_net_10_isolated_on_flex_consumption_and_is_deployed_by_identity()
    {
        var app = deployments.Plain.One("Microsoft.Web/sites");
        var plan = deployments.Plain.One("Microsoft.Web/serverfarms");

        Assert.Equal("FC1", plan.Json.GetProperty("sku").GetProperty("name").GetString());
        Assert.Equal("dotnet-isolated", app.At("functionAppConfig.runtime.name").GetString());
        Assert.Equal("10.0", app.At("functionAppConfig.runtime.version").GetString());
        Assert.Equal("UserAssignedIdentity", app.At("functionAppConfig.deployment.storage.authentication.type").GetString());
        Assert.Contains("app-package", app.At("functionAppConfig.deployment.storage.value").GetString(), StringComparison.Ordinal);
        Assert.Equal("api", app.Json.GetProperty("tags").GetProperty("azd-service-name").GetString());
    }

    [Fact]
    public void Only_tls_reaches_the_app_and_nobody_deploys_with_a_password()
    {
        foreach (var deployment in deployments.All)
        {
            var app = deployment.One("Microsoft.Web/sites");

            Assert.True(app.At("httpsOnly").GetBoolean());
            Assert.Equal("1.2", app.At("siteConfig.minTlsVersion").GetString());
            Assert.Equal("Disabled", app.At("siteConfig.ftpsState").GetString());
            Assert.Equal(
                [("ftp", false), ("scm", false)],
                deployment.Of("Microsoft.Web/sites/basicPublishingCredentialsPolicies").Select(policy => (policy.Name, policy.At("allow").GetBoolean())).Order());
        }
    }


    [Fact]
    public void The_vault_cannot_be_purged_and_goes_by_roles()
    {
        foreach (var vault in deployments.All.Select(deployment => deployment.One("Microsoft.KeyVault/vaults")))
        {
            Assert.True(vault.At("enablePurgeProtection").GetBoolean());
            Assert.True(vault.At("enableSoftDelete").GetBoolean());
            Assert.True(vault.At("enableRbacAuthorization").GetBoolean());
        }
    }

    [Fact]
    public void The_workspace_stops_taking_telemetry_at_the_daily_cap()
    {
        var workspace = deployments.Plain.One("Microsoft.OperationalInsights/workspaces");

        Assert.Equal(1, workspace.At("workspaceCapping.dailyQuotaGb").GetInt32());
        Assert.Equal(30, workspace.At("retentionInDays").GetInt32());
    }

    [Fact]
    public void The_network_is_off_by_default_and_then_shuts_the_public_out()
    {
        const string Access = "publicNetworkAccess";

        Assert.Empty(deployments.Plain.Of("Microsoft.Network/virtualNetworks"));
        Assert.Empty(deployments.Plain.Of("Microsoft.Network/privateEndpoints"));
        Assert.Equal("Enabled", deployments.Plain.One("Microsoft.Storage/storageAccounts").At(Access).GetString());

        var network = deployments.Full.One("Microsoft.Network/virtualNetworks");
        Assert.Equal("Microsoft.App/environments", network.At("subnets.0.properties.delegations.0.properties.serviceName").GetString());
        Assert.Contains("appSubnetId", deployments.Full.One("Microsoft.Web/sites").At("virtualNetworkSubnetId").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ["blob", "queue", "table"],
            deployments.Full.Of("Microsoft.Network/privateEndpoints").Select(endpoint => endpoint.At("privateLinkServiceConnections.0.properties.groupIds.0").GetString()!).Order());
        var account = deployments.Full.One("Microsoft.Storage/storageAccounts");
        Assert.Equal("Disabled", account.At(Access).GetString());
        Assert.Equal("Deny", account.At("networkAcls.defaultAction").GetString());
    }

    [Fact]
    public void One_address_may_be_let_in_to_make_keys()
    {
        var account = deployments.Small.One("Microsoft.Storage/storageAccounts");

        Assert.Equal("Enabled", account.At("publicNetworkAccess").GetString());
        Assert.Equal("Deny", account.At("networkAcls.defaultAction").GetString());
        Assert.Equal("203.0.113.7", account.At("networkAcls.ipRules.0.value").GetString());
    }

    [Fact]
    public void Everything_that_can_carry_tags_carries_the_environments()
    {
        string[] untagged = ["/roleAssignments", "/diagnosticSettings", "/config", "/basicPublishingCredentialsPolicies", "/managementPolicies", "/privateDnsZoneGroups", "Services", "/containers", "/queues", "/tables"];

        foreach (var resource in deployments.Full.Resources.Where(resource => !untagged.Any(type => resource.Type.EndsWith(type, StringComparison.OrdinalIgnoreCase))))
        {
            Assert.True(resource.Json.TryGetProperty("tags", out var tags) && tags.ValueKind == JsonValueKind.Object, resource.Id);
            Assert.Equal("test", tags.GetProperty("azd-env-name").GetString());
        }
    }
}
