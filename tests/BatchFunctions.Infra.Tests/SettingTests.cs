using System.Reflection;
using System.Text.Json;
using BatchFunctions.Configuration;
using BatchFunctions.Storage;

namespace BatchFunctions.Infra.Tests;

[Collection(nameof(Deployments))]
public sealed class SettingTests(Deployments deployments)
{
    private const string Prefix = BatchOptions.Section + "__";

    [Fact]
    public void Every_setting_of_the_service_is_one_that_it_knows()
    {
        var known = Known(typeof(BatchOptions), Prefix).ToHashSet();

        foreach (var setting in deployments.Full.Settings.Keys.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            Assert.Contains(setting, known);
        }
    }

    [Fact]
    public void What_has_no_default_is_set_and_the_template_makes_the_storage()
    {
        foreach (var settings in deployments.All.Select(deployment => deployment.Settings))
        {
            Assert.Equal("https://upstream.example/v1", settings[Prefix + "Upstream__BaseUrl"]);
            Assert.Equal("false", settings[Prefix + "CreateStorage"]);
        }
    }

    [Fact]
    public void The_defaults_are_the_librarys_own()
    {
        var settings = deployments.Plain.Settings;
        var upstream = new UpstreamOptions();

        Assert.Equal(upstream.Concurrency, settings[Prefix + "Upstream__Concurrency"]);
        Assert.Equal(upstream.ApiKeyHeader, settings[Prefix + "Upstream__ApiKeyHeader"]);
    }

    [Fact]
    public void The_queues_default_to_what_host_json_says()
    {
        using var host = JsonDocument.Parse(File.ReadAllText(Repository.File("host.json")));
        var queues = host.RootElement.GetProperty("extensions").GetProperty("queues");
        var settings = deployments.Plain.Settings;

        Assert.Equal(queues.GetProperty("batchSize").ToString(), settings["AzureFunctionsJobHost__extensions__queues__batchSize"]);
        Assert.Equal(queues.GetProperty("newBatchThreshold").ToString(), settings["AzureFunctionsJobHost__extensions__queues__newBatchThreshold"]);
    }

    [Fact]
    public void Storage_is_reached_as_the_identity_that_the_app_has()
    {
        foreach (var deployment in deployments.All)
        {
            var settings = deployment.Settings;
            const string Storage = StorageClients.Connection + "__";

            Assert.Equal("managedidentity", settings[Storage + "credential"]);
            Assert.Contains("clientId", settings[Storage + "clientId"], StringComparison.Ordinal);
            Assert.Equal(deployment.One("Microsoft.Storage/storageAccounts").Name, settings[Storage + "accountName"]);
            Assert.Contains("blobEndpoint", settings[Storage + "blobServiceUri"], StringComparison.Ordinal);
            Assert.Contains("queueEndpoint", settings[Storage + "queueServiceUri"], StringComparison.Ordinal);
            Assert.Contains("tableEndpoint", settings[Storage + "tableServiceUri"], StringComparison.Ordinal);
            Assert.Equal("UserAssigned", deployment.One("Microsoft.Web/sites").Json.GetProperty("identity").GetProperty("type").GetString());
        }
    }

    [Fact]
    public void No_setting_holds_a_key()
    {
        foreach (var (name, value) in deployments.All.SelectMany(deployment => deployment.Settings))
        {
            Assert.DoesNotContain("the-key-itself", value, StringComparison.Ordinal);
            Assert.DoesNotContain("AccountKey", value, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("SharedAccess", value, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("listKeys", value, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("InstrumentationKey", name, StringComparison.OrdinalIgnoreCase);
        }

        Assert.DoesNotContain(StorageClients.Connection, deployments.Plain.Settings.Keys);
    }

    [Fact]
    public void The_upstreams_key_is_a_reference_to_the_vault_where_there_is_one()
    {
        Assert.Contains("@Microsoft.KeyVault(SecretUri=", deployments.Full.Settings[Prefix + "Upstream__ApiKey"], StringComparison.Ordinal);
        Assert.DoesNotContain(Prefix + "Upstream__ApiKey", deployments.Plain.Settings.Keys);
        Assert.Contains("identity", deployments.Full.One("Microsoft.Web/sites").At("keyVaultReferenceIdentity").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_upstream_without_keys_is_signed_in_at_as_the_apps_identity()
    {
        var settings = deployments.Small.Settings;

        Assert.Equal(nameof(UpstreamCredential.ManagedIdentity), settings[Prefix + "Upstream__Credential"]);
        Assert.Equal(settings[StorageClients.Connection + "__clientId"], settings[Prefix + "Upstream__ClientId"]);
        Assert.DoesNotContain(Prefix + "Upstream__ApiKey", settings.Keys);
        Assert.DoesNotContain(Prefix + "Upstream__Credential", deployments.Full.Settings.Keys);
    }

    [Fact]
    public void Any_setting_can_be_given_and_goes_before_the_templates_own()
    {
        var settings = deployments.Small.Settings;

        Assert.Equal("7", settings[Prefix + "MaxOpenUploads"]);
        Assert.Equal("X-Team: a=b", settings[Prefix + "Upstream__Headers__0"]);
        Assert.Equal("00:05:00", settings[Prefix + "RunLimit"]);
        Assert.Equal(deployments.Plain.Settings.Count, settings.Keys.Count(deployments.Plain.Settings.ContainsKey));
    }

    [Fact]
    public void Telemetry_is_sent_as_the_identity_too()
    {
        var settings = deployments.Plain.Settings;

        Assert.Contains("Authorization=AAD;ClientId=", settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"], StringComparison.Ordinal);
        Assert.Contains("connectionString", settings["APPLICATIONINSIGHTS_CONNECTION_STRING"], StringComparison.Ordinal);
        Assert.True(deployments.Plain.One("Microsoft.Insights/components").At("DisableLocalAuth").GetBoolean());
    }

    [Fact]
    public void The_host_shows_no_homepage() => Assert.Equal("true", deployments.Plain.Settings["AzureWebJobsDisableHomepage"]);

    [Fact]
    public void A_request_may_hold_a_file_of_a_tenth_of_the_memory_and_no_more_than_the_platform_takes()
    {
        const long Platform = 210_000_000;

        AssertHolds(51, deployments.Small);
        AssertHolds(200, deployments.Plain);
        AssertHolds(200, deployments.Full);

        // A form surrounds the file.
        static void AssertHolds(int file, Deployment deployment) => Assert.InRange(
            long.Parse(deployment.Settings["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"], null),
            (file * 1024L * 1024) + 1024,
            Math.Min(Platform, (file + 1) * 1024L * 1024));
    }

    [Fact]
    public void Whole_inputs_go_in_one_request() =>
        Assert.True(long.Parse(deployments.Plain.Settings["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"], null) > new BatchOptions().MaxInputBytes);

    [Fact]
    public void Runs_may_take_as_long_as_the_plan_allows_and_fit_into_the_hosts_time()
    {
        var settings = deployments.Plain.Settings;
        var function = Time("AzureFunctionsJobHost__functionTimeout");
        var run = Time(Prefix + "RunLimit");
        var attempt = Time(Prefix + "Upstream__Timeout");

        Assert.Equal(TimeSpan.FromMinutes(30), function);
        Assert.Equal(TimeSpan.FromMinutes(10), run);
        Assert.Equal(TimeSpan.FromMinutes(10), attempt);
        // A run that has reached its limit still waits for the lines that it has sent.
        Assert.True(run + attempt < function);

        TimeSpan Time(string setting) => TimeSpan.Parse(settings[setting], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData("FUNCTIONS_WORKER_RUNTIME")]
    [InlineData("FUNCTIONS_EXTENSION_VERSION")]
    [InlineData("WEBSITE_RUN_FROM_PACKAGE")]
    [InlineData("WEBSITE_CONTENTSHARE")]
    [InlineData("WEBSITE_CONTENTAZUREFILECONNECTIONSTRING")]
    [InlineData("WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT")]
    [InlineData("WEBSITE_TIME_ZONE")]
    [InlineData("SCM_DO_BUILD_DURING_DEPLOYMENT")]
    [InlineData("ENABLE_ORYX_BUILD")]
    public void What_the_plan_does_not_take_is_not_set(string setting) =>
        Assert.DoesNotContain(setting, deployments.Full.Settings.Keys);

    private static IEnumerable<string> Known(Type options, string prefix) => options
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(property => property.PropertyType.Namespace == typeof(BatchOptions).Namespace
            ? Known(property.PropertyType, $"{prefix}{property.Name}__")
            : [prefix + property.Name]);
}
