using BatchFunctions.Testing;

namespace BatchFunctions.Proof.Workers;

/// <summary>What a worker and the proof's own stores are told.</summary>
internal static class WorkerSettings
{
    /// <summary>Settings with a storage account and an upstream, and times of a proof.</summary>
    public static Dictionary<string, string?> Of(string connection, Uri upstream)
    {
        var settings = TestService.Settings(connection, upstream, WorkerTimes.Settings);
        settings["Proof:MessageLease"] = WorkerTimes.MessageLease.ToString("c");
        foreach (var (name, value) in WorkerTimes.Host)
        {
            settings[name] = value;
        }

        return settings;
    }

    /// <summary>
    /// The same with a completion window so short that batches expire, and long enough that one whose chunks are claimed late is handed over
    /// before it does.
    /// </summary>
    public static Dictionary<string, string?> Expiring(this Dictionary<string, string?> settings) =>
        new(settings) { ["Batch:CompletionWindow"] = "00:00:06" };
}
