using System.IO.Hashing;
using System.Text;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.IntegrationTests.Page;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.IntegrationTests.Proof;
using BatchFunctions.IntegrationTests.SelfHost;
using BatchFunctions.IntegrationTests.StorageRules;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("BatchFunctions.IntegrationTests.LongestFirst", "BatchFunctions.IntegrationTests")]

namespace BatchFunctions.IntegrationTests;

/// <summary>
/// Starts the classes that take longest before all others, so that none of them is what the run waits for at its end: in turn those that work and those
/// that wait, for an upstream or a sweep, so that neither are all at once.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] Longest =
    [
        typeof(CrashProofTests),
        typeof(StorageProofTests),
        typeof(UpstreamProofTests),
        typeof(UpstreamFaultTests),
        typeof(HostProcessTests),
        typeof(WorkersProofTests),
        typeof(WaitingTests),
        typeof(ExampleProgramTests),
        typeof(ViewTests),
        typeof(LostMessageTests),
        typeof(CreateTests),
        typeof(ListTests),
        typeof(OutageTests),
        typeof(BatchViewTests),
        typeof(BatchListTests),
        typeof(CreateOnceTests),
        typeof(ClientTests),
        typeof(BadRequestTests),
        typeof(MemoryTests),
        typeof(StrictStorageTests),
        typeof(TransactionTests),
        typeof(HostRefusalTests),
        typeof(AzuriteServerTests),
        typeof(SweepTests),
        typeof(ServiceViewTests),
        typeof(ChunkWindowTests),
        typeof(LostInputTests),
        typeof(WebhooksViewTests),
        typeof(RetryTests),
        typeof(BatchIndexTests),
        typeof(ResultsWhileRunningTests),
        typeof(LatestLinesTests),
        typeof(LostInputOnAzuriteTests),
        typeof(BatchErrorsTests),
        typeof(InterleavingTests),
        typeof(BatchFilterTests),
        typeof(BatchRunOnAzuriteTests),
        typeof(FilterTests),
        typeof(BatchRunTests),
        typeof(SeveralUpstreamsTests),
        typeof(BatchRunByChanceTests),
        typeof(QueueListenerDifferencesTests),
    ];

    /// <summary>What is not among the longest is mixed, the same way each time: in the order of names those of a folder, which work or wait alike, would be together.</summary>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections
        .OrderBy(collection => Array.FindIndex(Longest, type => IsOf(type, collection)) is var place and >= 0 ? place : Longest.Length)
        .ThenBy(collection => XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(collection.DisplayName)));

    private static bool IsOf(Type type, ITestCollection collection) =>
        collection.DisplayName.Contains(type.FullName!, StringComparison.Ordinal);
}
