namespace BatchFunctions.Storage;

/// <summary>The tables that the service keeps. Templates repeat the names; tests compare.</summary>
public static class TableNames
{
    /// <summary>Batches: a partition a tenant, newest first.</summary>
    public const string Batches = "batches";

    /// <summary>Files: a partition a tenant, newest first.</summary>
    public const string Files = "files";

    /// <summary>Uploads in parts, by tenant.</summary>
    public const string Uploads = "uploads";

    /// <summary>Chunks: a partition a batch, by number.</summary>
    public const string Chunks = "chunks";

    /// <summary>A row for each batch that has not ended, by tenant.</summary>
    public const string ActiveBatches = "activebatches";

    /// <summary>Which wake-ups have been sent and not yet been taken up.</summary>
    public const string Pending = "pending";

    /// <summary>Files and uploads by the time when they are due to be looked at.</summary>
    public const string Expiring = "expiring";

    /// <summary>API keys, by their hash.</summary>
    public const string ApiKeys = "apikeys";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Batches, Files, Uploads, Chunks, ActiveBatches, Pending, Expiring, ApiKeys];
}
