using BatchFunctions.Proof;
using BatchFunctions.Proof.Upstream;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Proof;

/// <summary>
/// The rough upstream, all that <c>docs/upstream.md</c> has the command for: each of its scenarios by itself, and an hour of everything.
/// </summary>
public sealed class UpstreamProofTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task A_rough_upstream_fails_only_the_lines_that_are_at_fault()
    {
        var (exitCode, said) = await ProofProcess.RunAsync(Limit, UpstreamProof.Command);

        output.WriteLine(said);
        Assert.DoesNotContain("VIOLATION", said, StringComparison.Ordinal);
        Assert.All(RoughScenarios.All, scenario => Assert.Contains($"| {scenario.Name} |", said, StringComparison.Ordinal));
        Assert.Equal(0, exitCode);
    }
}
