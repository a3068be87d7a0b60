using BatchFunctions.Configuration;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Tests.Configuration;

public sealed class QuotaOptionsTests
{
    [Theory]
    [InlineData(0, 0L, null)]
    [InlineData(10_000, 1_000_000_000L, null)]
    [InlineData(-1, 1L, "Batch__Quota__MaxBatches must be from 0 to 10000")]
    [InlineData(10_001, 1L, "Batch__Quota__MaxBatches must be from 0 to 10000")]
    [InlineData(1, -1L, "Batch__Quota__MaxLines must be from 0 to 1000000000")]
    [InlineData(1, 1_000_000_001L, "Batch__Quota__MaxLines must be from 0 to 1000000000")]
    public void A_default_out_of_bounds_keeps_the_service_from_starting(int batches, long lines, string? said)
    {
        var options = new BatchOptions
        {
            Upstream = new UpstreamOptions { BaseUrl = "http://127.0.0.1:1" },
            Quota = new QuotaOptions { MaxBatches = batches, MaxLines = lines },
        };

        var failures = new BatchOptionsValidator(new ConfigurationBuilder().Build()).Validate(null, options).Failures ?? [];

        Assert.Equal(said is not null, failures.Any());
        Assert.All(failures, failure => Assert.StartsWith(said!, failure, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, 1_000L, 17_179_869_184L)]
    [InlineData(null, 20_000_000_000L, 20_000_000_000L)]
    [InlineData(5L, 20_000_000_000L, 5L)]
    public void Uploads_may_have_sixteen_gibibytes_or_the_largest_file_unless_it_is_set(long? set, long maxFileBytes, long expected) =>
        Assert.Equal(expected, new QuotaOptions { MaxUploadBytes = set }.UploadBytesFor(maxFileBytes));
}
