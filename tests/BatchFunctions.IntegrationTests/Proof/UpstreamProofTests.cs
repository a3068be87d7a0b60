using BatchFunctions.Proof;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Proof;

/// <summary>
/// The rough upstream: an hour of everything, and those of its scenarios that the hour cannot measure. All of them: <c>docs/upstream.md</c> has the command.
/// </summary>
public sealed class UpstreamProofTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task A_rough_upstream_fails_only_the_lines_that_are_at_fault()
    {
        string[] scenarios = ["hour", "rate", "killer"];
        var (exitCode, said) = await ProofProcess.RunAsync(Limit, [UpstreamProof.Command, .. scenarios]);

        output.WriteLine(said);
        Assert.DoesNotContain("VIOLATION", said, StringComparison.Ordinal);
        Assert.All(scenarios, scenario => Assert.Contains($"| {scenario} |", said, StringComparison.Ordinal));
        Assert.Equal(0, exitCode);
    }
}
