using BatchFunctions.Configuration;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Tests.Configuration;

public sealed class HostFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("""{ "functionTimeout": "00:20:00" }""", null, "00:20:00")]
    [InlineData("""{ "functionTimeout": "00:20:00" }""", "00:40:00", "00:40:00")]
    [InlineData("""{ "functionTimeout": "-1" }""", null, "-1")]
    [InlineData("{}", null, "00:30:00")]
    public void The_time_limit_is_the_settings_the_files_or_the_hosts_default(string file, string? setting, string expected)
    {
        File.WriteAllText(_path, file);
        var configuration = new ConfigurationManager();
        if (setting is not null)
        {
            configuration.AddInMemoryCollection([new("AzureFunctionsJobHost:functionTimeout", setting)]);
        }

        configuration.AddHostTimeout(_path);

        Assert.Equal(expected, configuration["AzureFunctionsJobHost:functionTimeout"]);
    }

    [Theory]
    [InlineData("00:05:00", true)]
    [InlineData("00:04:59", false)]
    [InlineData("-1", false)]
    public void A_run_and_a_call_must_fit_into_it(string timeout, bool isTooLong)
    {
        File.WriteAllText(_path, $$"""{ "functionTimeout": "{{(timeout == "-1" ? timeout : "00:10:00")}}" }""");
        var configuration = new ConfigurationManager();
        configuration.AddHostTimeout(_path);
        var options = new BatchOptions
        {
            RunLimit = TimeSpan.FromMinutes(4.5) + TimeSpan.FromSeconds(1),
            Upstream = new UpstreamOptions { BaseUrl = "http://127.0.0.1:1", Timeout = timeout == "-1" ? TimeSpan.FromHours(1) : TimeSpan.Parse(timeout, null) },
        };

        var failures = new BatchOptionsValidator(configuration).Validate(null, options).Failures ?? [];

        Assert.Equal(isTooLong, failures.Any());
    }
}
