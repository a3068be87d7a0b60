using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Settings;

namespace BatchFunctions.Tests.SelfHost;

public sealed class ListenAddressesTests
{
    [Theory]
    [InlineData("7072")]
    [InlineData("")]
    [InlineData("ftp://127.0.0.1:7071")]
    [InlineData("http://127.0.0.1:65536")]
    public void What_is_no_address_is_named(string wrong)
    {
        var e = Assert.Throws<StartupException>(() => ListenAddresses.Check($"http://127.0.0.1:7071;{wrong}"));

        Assert.StartsWith($"'{wrong}' is no address to listen at", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_of_https_is_for_a_proxy()
    {
        var e = Assert.Throws<StartupException>(() => ListenAddresses.Check("https://127.0.0.1:7071"));

        Assert.Contains("asks for https, which the self-host does not serve", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://+:8080;http://[::1]:65535")]
    public void Addresses_are_taken_as_they_are(string urls) =>
        Assert.Null(Record.Exception(() => ListenAddresses.Check(urls)));

    [Theory]
    [InlineData("http://127.0.0.1:9464", "http://+:8080", false)]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0", false)]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:7071;http://10.0.0.1:8080", true)]
    [InlineData("http://10.0.0.1:8080", "http://10.0.0.2:8080", true)]
    public void Metrics_have_a_port_of_their_own(string metrics, string urls, bool isRefused) =>
        Assert.Equal(isRefused, Record.Exception(() => ListenAddresses.CheckMetrics(metrics, urls)) is StartupException);

    [Theory]
    [InlineData("http://0.0.0.0:7071", "http://127.0.0.1:7071")]
    [InlineData("http://[::]:7071", "http://127.0.0.1:7071")]
    [InlineData("http://localhost:7071", "http://localhost:7071")]
    [InlineData("http://[::1]:7071", "http://[::1]:7071")]
    public void A_host_that_stands_for_all_addresses_is_called_by_one(string listening, string expected) =>
        Assert.Equal(expected, ListenAddresses.ToCall(listening));
}
