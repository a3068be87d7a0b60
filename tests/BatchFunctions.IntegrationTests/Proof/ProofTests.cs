using BatchFunctions.Proof;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Proof;

/// <summary>The proof in its short form; <c>tests/BatchFunctions.Proof/README.md</c> has the command for the long one.</summary>
public sealed class ProofTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Workers_that_are_killed_at_every_step_lose_and_double_nothing() =>
        Check(await CrashProof.RunAsync(rounds: 1));

    [Fact]
    public async Task Frozen_workers_and_doubled_messages_lose_and_double_nothing() =>
        Check(await WorkersProof.RunAsync(rounds: 6));

    [Fact]
    public async Task Storage_that_fails_and_stops_loses_and_doubles_nothing() =>
        Check(await StorageProof.RunAsync(rounds: 5));

    private void Check(Tally tally)
    {
        output.WriteLine(tally.ToString());
        Assert.Empty(tally.Violations);
        Assert.True(tally[Count.Lines] > 0, "No line was checked.");
    }
}
