using BatchFunctions.Proof;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Proof;

/// <summary>
/// The proof in its short form, but for the crashes, which run by the command that
/// <c>tests/BatchFunctions.Proof/README.md</c> names, as the long form does.
/// </summary>
public sealed class ProofTests(ITestOutputHelper output)
{
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
