using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Pump;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Tests.SelfHost;

public sealed class HostJsonTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void The_one_copy_reaches_the_program_and_is_read()
    {
        var host = HostJson.Read(Path.Combine(AppContext.BaseDirectory, "host.json"), Settings());

        Assert.Equal(TimeSpan.FromMinutes(10), host.FunctionTimeout);
        Assert.Equal(16, host.BatchSize);
        Assert.Equal(64, host.NewBatchThreshold);
        Assert.Equal(5, host.MaxDequeueCount);
        Assert.Equal(TimeSpan.FromSeconds(0.5), host.MaxPollingInterval);
        Assert.Equal(TimeSpan.FromSeconds(30), host.VisibilityTimeout);
    }

    [Fact]
    public void What_the_file_leaves_out_has_the_Functions_hosts_default()
    {
        var host = Read("""{ "extensions": { "queues": { "messageEncoding": "none" } } }""");

        Assert.Equal(TimeSpan.FromMinutes(30), host.FunctionTimeout);
        Assert.Equal(16, host.BatchSize);
        Assert.Equal(8 * Environment.ProcessorCount, host.NewBatchThreshold);
        Assert.Equal(5, host.MaxDequeueCount);
        Assert.Equal(TimeSpan.FromMinutes(1), host.MaxPollingInterval);
        Assert.Equal(TimeSpan.Zero, host.VisibilityTimeout);
    }

    [Fact]
    public void The_environment_stands_above_the_file()
    {
        const string Variable = "AzureFunctionsJobHost__extensions__queues__batchSize";
        Environment.SetEnvironmentVariable(Variable, "3");
        try
        {
            var host = Read(
                """{ "functionTimeout": "00:10:00", "extensions": { "queues": { "batchSize": 8, "newBatchThreshold": 7, "messageEncoding": "none" } } }""",
                new ConfigurationBuilder().AddEnvironmentVariables().Build());

            Assert.Equal(3, host.BatchSize);
            Assert.Equal(7, host.NewBatchThreshold);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    [Fact]
    public void The_time_limit_of_functions_can_be_overridden_and_taken_away()
    {
        const string File = """{ "functionTimeout": "00:10:00", "extensions": { "queues": { "messageEncoding": "none" } } }""";

        Assert.Equal(TimeSpan.FromMinutes(1), Read(File, Settings(("AzureFunctionsJobHost:functionTimeout", "00:01:00"))).FunctionTimeout);
        Assert.Equal(Timeout.InfiniteTimeSpan, Read(File, Settings(("AzureFunctionsJobHost:functionTimeout", "-1"))).FunctionTimeout);
    }

    [Theory]
    [InlineData("batchSize", "33", "a number from 1 to 32")]
    [InlineData("batchSize", "many", "a number from 1 to 32")]
    [InlineData("newBatchThreshold", "-1", "a number from 0 to 1000")]
    [InlineData("maxDequeueCount", "0", "a number from 1 to 100")]
    [InlineData("maxPollingInterval", "00:00:00.050", "a time such as 00:00:02")]
    [InlineData("visibilityTimeout", "30", "a time such as 00:00:02")]
    [InlineData("messageEncoding", "base64", "none")]
    public void A_wrong_value_is_refused_with_the_setting_to_change(string setting, string value, string expected)
    {
        const string File = """{ "extensions": { "queues": { "messageEncoding": "none" } } }""";

        var e = Assert.Throws<StartupException>(() => Read(File, Settings(($"AzureFunctionsJobHost:extensions:queues:{setting}", value))));

        Assert.Contains($"'{value}'", e.Message, StringComparison.Ordinal);
        Assert.Contains($"AzureFunctionsJobHost__extensions__queues__{setting}", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void A_file_that_is_missing_or_no_JSON_is_named()
    {
        Assert.Contains("nowhere.json is missing", Assert.Throws<StartupException>(() => HostJson.Read("nowhere.json", Settings())).Message, StringComparison.Ordinal);
        Assert.Contains($"{_path} is not valid JSON", Assert.Throws<StartupException>(() => Read("{ queues")).Message, StringComparison.Ordinal);
    }

    private HostJson Read(string text, IConfiguration? settings = null)
    {
        File.WriteAllText(_path, text);
        return HostJson.Read(_path, settings ?? Settings());
    }

    private static IConfiguration Settings(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value))
            .Build();
}
