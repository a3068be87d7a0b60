using System.Diagnostics;
using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Azurite;

namespace BatchFunctions.Tests.SelfHost;

public sealed class NodeProgramsTests
{
    [Theory]
    [InlineData("node", "Node.js is not installed")]
    [InlineData("npm", "npm is not installed")]
    public void The_program_that_is_missing_is_named_with_what_to_install(string program, string said)
    {
        var nowhere = Path.Combine(Path.GetTempPath(), "none", program);

        var e = Assert.Throws<StartupException>(() => NodePrograms.Start(new ProcessStartInfo(nowhere)));

        Assert.StartsWith(said, e.Message, StringComparison.Ordinal);
        Assert.Contains("install Node.js 20 or newer, with npm", e.Message, StringComparison.Ordinal);
    }
}
