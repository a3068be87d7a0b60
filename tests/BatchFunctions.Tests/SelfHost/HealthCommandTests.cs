using BatchFunctions.SelfHost;

namespace BatchFunctions.Tests.SelfHost;

public sealed class HealthCommandTests
{
    [Theory]
    [InlineData("true", "8080", "http://127.0.0.1:8080")]
    [InlineData("true", "8081;8082", "http://127.0.0.1:8081")]
    [InlineData("true", null, null)]
    [InlineData(null, "8080", null)]
    public void In_a_container_the_port_is_asked_that_its_image_names(string? inContainer, string? ports, string? expected) => Assert.Equal(
        expected, HealthCommand.AddressIn(name => name == "ASPNETCORE_HTTP_PORTS" ? ports : inContainer));
}
