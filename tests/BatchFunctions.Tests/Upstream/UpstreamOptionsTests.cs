using System.ComponentModel.DataAnnotations;
using BatchFunctions.Configuration;
using BatchFunctions.Upstream;

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

    [Fact]
    public void A_scheme_is_one_word() => Assert.Contains(
        "Batch__Upstream__ApiKeyScheme",
        Assert.Single(Check(new UpstreamOptions { ApiKeyScheme = "Bearer " })),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("http://127.0.0.1:8000/v1", null)]
    [InlineData("https://x.openai.azure.com/openai/v1", null)]
    [InlineData("http://x.openai.azure.com/openai/v1", "must begin with https")]
    public void Tokens_are_sent_where_nobody_reads_along(string baseUrl, string? said) =>
        AssertFailure(new UpstreamOptions { BaseUrl = baseUrl, Credential = UpstreamCredential.ManagedIdentity }, said);

    [Fact]
    public void A_key_and_an_identity_are_one_too_many() => AssertFailure(
        new UpstreamOptions { BaseUrl = "https://x.openai.azure.com/openai/v1", ApiKey = "up-key", Credential = UpstreamCredential.ManagedIdentity },
        "Batch__Upstream__ApiKey and Batch__Upstream__Credential are both set");

    [Fact]
    public void Headers_that_cannot_be_sent_keep_the_service_from_starting() => AssertFailure(
        new UpstreamOptions { BaseUrl = "http://127.0.0.1", Headers = { ["Host"] = "elsewhere" } }, "Batch__Upstream__Headers__Host");

    [Theory]
    [InlineData("gpu one", "has a name that is none")]
    [InlineData("a-name-of-more-than-thirty-two-letters", "has a name that is none")]
    [InlineData("gpu_1-b", null)]
    [InlineData("default", "are both set")]
    public void A_name_can_be_a_key_and_a_label(string name, string? said) =>
        AssertFailure(Named(name, new UpstreamOptions { BaseUrl = "http://127.0.0.1:1" }, lone: new() { BaseUrl = "http://127.0.0.1:2" }), said);

    [Fact]
    public void What_is_wrong_with_one_of_several_is_told_by_its_own_setting()
    {
        AssertFailure(Named("gpu", new UpstreamOptions()), "Batch__Upstreams__gpu__BaseUrl must be");
        AssertFailure(
            Named("gpu", new UpstreamOptions { BaseUrl = "http://127.0.0.1", Headers = { ["Host"] = "elsewhere" } }), "Batch__Upstreams__gpu__Headers__Host");
    }

    [Fact]
    public void Settings_of_the_one_without_a_name_are_not_lost_where_it_has_no_address() => AssertFailure(
        Named("gpu", new UpstreamOptions { BaseUrl = "http://127.0.0.1" }, lone: new() { ApiKey = "key" }), "but Batch__Upstream__BaseUrl is not");

    private static BatchOptions Named(string name, UpstreamOptions options, UpstreamOptions? lone = null) =>
        new() { Upstream = lone ?? new(), Upstreams = { [name] = options } };

    private static void AssertFailure(UpstreamOptions options, string? said) => AssertFailure(new BatchOptions { Upstream = options }, said);

    private static void AssertFailure(BatchOptions options, string? said)
    {
        var failures = new UpstreamOptionsValidator().Validate(null, options).Failures ?? [];
        if (said is null)
        {
            Assert.Empty(failures);
        }
        else
        {
            Assert.Contains(said, Assert.Single(failures), StringComparison.Ordinal);
        }
    }

    private static IEnumerable<string> Check(UpstreamOptions options)
    {
        var results = new List<ValidationResult>();
        _ = Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return results.Select(result => result.ErrorMessage!);
    }
}
