namespace BatchFunctions.Proof.Workers;

/// <summary>
/// The service's times, short enough that a proof sees many crashes in minutes. Everything that the protocol does
/// between them is as in production.
/// </summary>
internal static class WorkerTimes
{
    /// <summary>How long a worker keeps a queue's message from others unless it renews it.</summary>
    public static readonly TimeSpan MessageLease = TimeSpan.FromSeconds(3);

    /// <summary>How long a claimed chunk is its worker's.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    public static IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>
    {
        ["Batch:CreateStorage"] = "false",
        ["Batch:ChunkLines"] = "20",

        // The smallest there is, so that chunks of every batch are sent by the end of others.
        ["Batch:ChunkWindow"] = "2",
        ["Batch:Lease"] = Lease.ToString("c"),
        ["Batch:Checkpoint"] = "00:00:00.300",
        ["Batch:StatusPoll"] = "00:00:00.100",
        ["Batch:RunLimit"] = "00:00:01",
        ["Batch:AdvanceDelay"] = "00:00:00",
        ["Batch:SweepInterval"] = "00:00:01",
        ["Batch:WakeUpLost"] = "00:00:02",
        ["Batch:ProgressLost"] = "00:00:04",
        ["Batch:CreateLost"] = "00:00:05",
        ["Batch:Webhooks:AllowedHosts"] = "127.0.0.1",
        ["Batch:Webhooks:Timeout"] = "00:00:01",
        // So few that a chunk of slow lines outlasts its run, and is handed over.
        ["Batch:Upstream:Concurrency"] = "12",
        ["Batch:Upstream:RetryDelay"] = "00:00:00.010",
    };

    /// <summary>What <c>host.json</c> says, overridden as in the Functions host.</summary>
    public static IReadOnlyDictionary<string, string> Host { get; } = new Dictionary<string, string>
    {
        ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:01",
        ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.500",

        // Fewer chunks at once than a slow batch has, so that some of them lie idle whenever it is cancelled or expires.
        ["AzureFunctionsJobHost__extensions__queues__batchSize"] = "4",
        ["AzureFunctionsJobHost__extensions__queues__newBatchThreshold"] = "1",
    };
}
