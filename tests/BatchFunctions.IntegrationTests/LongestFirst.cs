using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.IntegrationTests.Page;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.IntegrationTests.Proof;
using BatchFunctions.IntegrationTests.SelfHost;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("BatchFunctions.IntegrationTests.LongestFirst", "BatchFunctions.IntegrationTests")]

namespace BatchFunctions.IntegrationTests;

/// <summary>Starts the classes that take longest before all others, so that none of them is what the run waits for at its end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] Longest =
    [
        typeof(CrashProofTests),
        typeof(UpstreamProofTests),
        typeof(StorageProofTests),
        typeof(HostProcessTests),
        typeof(ExampleProgramTests),
        typeof(ViewTests),
        typeof(WorkersProofTests),
        typeof(BatchListTests),
        typeof(UpstreamFaultTests),
        typeof(ClientTests),
        typeof(HostRefusalTests),
        typeof(CreateTests),
        typeof(BatchViewTests),
        typeof(BadRequestTests),
        typeof(TransactionTests),
        typeof(LostMessageTests),
        typeof(AzuriteServerTests),
    ];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Array.FindIndex(Longest, type => IsOf(type, collection)) is var place and >= 0 ? place : Longest.Length);

    private static bool IsOf(Type type, ITestCollection collection) =>
        collection.DisplayName.Contains(type.FullName!, StringComparison.Ordinal);
}
