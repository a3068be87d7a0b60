using BatchFunctions.Configuration;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Tests.Configuration;

public sealed class BatchOptionsTests
{
    [Theory]
    [InlineData(null, null, false)]
    [InlineData(null, 100_000_000L, false)]
    [InlineData(512L * 1024 * 1024, null, false)]
    [InlineData((512L * 1024 * 1024) + 1, null, true)]
    [InlineData(1_000_000_000L, 1_000_000_000L, false)]
    [InlineData(1_000_000_001L, 1_000_000_000L, true)]
    public void An_input_that_could_never_be_uploaded_keeps_the_service_from_starting(long? input, long? file, bool isRefused)
    {
        var options = new BatchOptions { Upstream = new UpstreamOptions { BaseUrl = "http://127.0.0.1:1" } };
        options.MaxInputBytes = input ?? options.MaxInputBytes;
        options.MaxFileBytes = file ?? options.MaxFileBytes;

        var failures = new BatchOptionsValidator(new ConfigurationBuilder().Build()).Validate(null, options).Failures ?? [];

        Assert.Equal(isRefused, failures.Any());
        Assert.All(failures, failure => Assert.StartsWith("Batch__MaxFileBytes (", failure, StringComparison.Ordinal));
    }
}
