using BatchFunctions.Proof;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Proof;

/// <summary>
/// The proof in its short form; <c>tests/BatchFunctions.Proof/README.md</c> has the command for the long one. Each part is
/// a class of its own, so that they run side by side: they wait most of the time, each for workers and an emulator of its own.
/// </summary>
public abstract class ProofTests(ITestOutputHelper output)
{
    private protected void Check(Tally tally)
    {
        output.WriteLine(tally.ToString());
        Assert.Empty(tally.Violations);
        Assert.True(tally[Count.Lines] > 0, "No line was checked.");
    }
}

/// <inheritdoc/>
public sealed class CrashProofTests(ITestOutputHelper output) : ProofTests(output)
{
    /// <summary>At every sixth of the steps; that one dies at every step is what lives show, where no process is needed for it.</summary>
    [Fact]
    public async Task Workers_that_are_killed_lose_and_double_nothing() =>
        Check(await CrashProof.RunAsync(rounds: 1, oneIn: 6));
}

/// <inheritdoc/>
public sealed class WorkersProofTests(ITestOutputHelper output) : ProofTests(output)
{
    [Fact]
    public async Task Frozen_workers_and_doubled_messages_lose_and_double_nothing() =>
        Check(await WorkersProof.RunAsync(rounds: 4));
}

/// <inheritdoc/>
public sealed class StorageProofTests(ITestOutputHelper output) : ProofTests(output)
{
    [Fact]
    public async Task Storage_that_fails_and_stops_loses_and_doubles_nothing() =>
        Check(await StorageProof.RunAsync(rounds: 4));
}
