using BatchFunctions.Storage;

namespace BatchFunctions.Infra.Tests;

[Collection(nameof(Deployments))]
public sealed class StorageTests(Deployments deployments)
{
    [Fact]
    public void Neither_keys_nor_the_public_nor_old_tls_open_the_account()
    {
        foreach (var deployment in deployments.All)
        {
            var account = deployment.One("Microsoft.Storage/storageAccounts");

            Assert.False(account.At("allowSharedKeyAccess").GetBoolean());
            Assert.False(account.At("allowBlobPublicAccess").GetBoolean());
            Assert.True(account.At("supportsHttpsTrafficOnly").GetBoolean());
            Assert.Contains(account.At("minimumTlsVersion").GetString(), new[] { "TLS1_2", "TLS1_3" });
            Assert.All(
                deployment.Of("Microsoft.Storage/storageAccounts/blobServices/containers"),
                container => Assert.Equal("None", container.At("publicAccess").GetString()));
        }
    }

    [Fact]
    public void Tables_queues_and_containers_are_the_librarys()
    {
        foreach (var deployment in deployments.All)
        {
            Assert.Equal(TableNames.All.Order(), Names("tableServices/tables"));
            Assert.Equal(QueueNames.All.Order(), Names("queueServices/queues"));
            Assert.Equal(
                ContainerNames.All.Concat(["app-package", "azure-webjobs-hosts", "azure-webjobs-secrets"]).Order(),
                Names("blobServices/containers"));

            IEnumerable<string> Names(string kind) =>
                deployment.Of($"Microsoft.Storage/storageAccounts/{kind}").Select(resource => resource.Name).Order();
        }
    }

    [Fact]
    public void What_is_deleted_can_be_had_back_for_a_week()
    {
        foreach (var service in deployments.All.Select(deployment => deployment.One("Microsoft.Storage/storageAccounts/blobServices")))
        {
            Assert.All(new[] { "deleteRetentionPolicy", "containerDeleteRetentionPolicy" }, policy =>
            {
                Assert.True(service.At($"{policy}.enabled").GetBoolean());
                Assert.Equal(7, service.At($"{policy}.days").GetInt32());
            });
        }
    }

    [Fact]
    public void Blobs_that_no_row_knows_go_by_age_in_each_of_the_services_containers()
    {
        var rules = deployments.Plain.One("Microsoft.Storage/storageAccounts/managementPolicies").At("policy.rules").EnumerateArray().ToList();

        Assert.Equal(
            ContainerNames.All.Select(name => $"{name}/"),
            rules.Select(rule => rule.GetProperty("definition").GetProperty("filters").GetProperty("prefixMatch")[0].GetString()));
        Assert.All(rules, rule =>
        {
            Assert.True(rule.GetProperty("enabled").GetBoolean());
            var age = rule.GetProperty("definition").GetProperty("actions").GetProperty("baseBlob").GetProperty("delete").GetProperty("daysAfterModificationGreaterThan").GetInt32();
            Assert.True(age > 38, "Younger blobs may still be wanted: a batch's input lives 30 days, what came of it a week longer.");
        });
    }

    [Fact]
    public void Nothing_goes_by_age_where_that_is_set_so()
    {
        Assert.All(
            deployments.Small.One("Microsoft.Storage/storageAccounts/managementPolicies").At("policy.rules").EnumerateArray(),
            rule => Assert.False(rule.GetProperty("enabled").GetBoolean()));
    }

    [Fact]
    public void Each_of_its_services_sends_its_metrics_to_the_workspace()
    {
        var watched = deployments.Plain.Of("Microsoft.Insights/diagnosticSettings").Select(setting => setting.Id).ToList();

        Assert.All(
            new[] { "blobServices/default", "queueServices/default", "tableServices/default" },
            service => Assert.Contains(watched, id => id.Contains(service, StringComparison.Ordinal)));
    }
}
