namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>The contract is the Functions host's own: its listener keeps it.</summary>
public sealed class WebJobsListenerTests : QueueListenerContract
{
    private protected override QueueListenerFactory Listener => QueueDriver.WebJobs;
}
