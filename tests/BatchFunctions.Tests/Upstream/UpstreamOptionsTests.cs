using System.ComponentModel.DataAnnotations;
using BatchFunctions.Configuration;

namespace BatchFunctions.Tests.Upstream;

public sealed class UpstreamOptionsTests
{
    [Theory]
    [InlineData(null, "Authorization")]
    [InlineData("", "Authorization")]
    [InlineData("sk-abc_DEF.123/+=", "api-key")]
    public void A_key_and_a_header_that_can_be_sent_are_taken(string? key, string header) =>
        Assert.Empty(Check(new UpstreamOptions { ApiKey = key, ApiKeyHeader = header }));

    [Theory]
    [InlineData("Bearer sk-abc")]
    [InlineData("sk-abc\n")]
    [InlineData("sk-é")]
    public void A_key_that_cannot_be_sent_is_refused_without_being_repeated(string key)
    {
        var message = Assert.Single(Check(new UpstreamOptions { ApiKey = key }));

        Assert.Contains("Batch__Upstream__ApiKey", message, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api key")]
    [InlineData("api-key:")]
    [InlineData("")]
    public void What_is_no_header_s_name_is_refused(string header) => Assert.Contains(
        "Batch__Upstream__ApiKeyHeader",
        Assert.Single(Check(new UpstreamOptions { ApiKeyHeader = header })),
        StringComparison.Ordinal);

    private static IEnumerable<string> Check(UpstreamOptions options)
    {
        var results = new List<ValidationResult>();
        _ = Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return results.Select(result => result.ErrorMessage!);
    }
}
