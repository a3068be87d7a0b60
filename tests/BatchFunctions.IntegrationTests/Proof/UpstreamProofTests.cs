using System.Diagnostics;
using BatchFunctions.Proof;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Proof;

/// <summary>
/// The rough upstream: an hour of everything, and those of its scenarios that the hour cannot measure. In a process of its own,
/// whose clock leaps when nothing is done in it. All of them: <c>docs/upstream.md</c> has the command.
/// </summary>
public sealed class UpstreamProofTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task A_rough_upstream_fails_only_the_lines_that_are_at_fault()
    {
        string[] scenarios = ["hour", "rate", "killer"];
        string[] arguments = [typeof(UpstreamProof).Assembly.Location, UpstreamProof.Command, .. scenarios];
        using var proof = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var said = await proof.StandardOutput.ReadToEndAsync(limit.Token);
            output.WriteLine(said);
            await proof.WaitForExitAsync(limit.Token);
            Assert.DoesNotContain("VIOLATION", said, StringComparison.Ordinal);
            Assert.All(scenarios, scenario => Assert.Contains($"| {scenario} |", said, StringComparison.Ordinal));
            Assert.Equal(0, proof.ExitCode);
        }
        finally
        {
            if (!proof.HasExited)
            {
                proof.Kill(entireProcessTree: true);
            }
        }
    }
}
