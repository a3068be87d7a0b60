using BatchFunctions.Storage;

namespace BatchFunctions.Proof.Workers;

/// <summary>What a worker and the proof's own stores are told.</summary>
internal static class WorkerSettings
{
    /// <summary>Settings with a storage account and an upstream, and times of a proof.</summary>
    public static Dictionary<string, string?> Of(string connection, Uri upstream)
    {
        var settings = new Dictionary<string, string?>(WorkerTimes.Settings)
        {
            [StorageClients.Connection] = connection,
            ["Batch:Upstream:BaseUrl"] = upstream.ToString(),
            ["Proof:MessageLease"] = WorkerTimes.MessageLease.ToString("c"),
        };
        foreach (var (name, value) in WorkerTimes.Host)
        {
            settings[name] = value;
        }

        return settings;
    }

    /// <summary>The same with a completion window so short that batches expire.</summary>
    public static Dictionary<string, string?> Expiring(this Dictionary<string, string?> settings) =>
        new(settings) { ["Batch:CompletionWindow"] = "00:00:04" };
}
