namespace BatchFunctions.Storage;

/// <summary>The service's tables. The templates repeat the names, and tests compare them.</summary>
public static class TableNames
{
    /// <summary>Batches: one partition per tenant, newest first.</summary>
    public const string Batches = "batches";

    /// <summary>Files: one partition per tenant, newest first.</summary>
    public const string Files = "files";

    /// <summary>Uploads in parts, by tenant.</summary>
    public const string Uploads = "uploads";

    /// <summary>Chunks: one partition per batch, by number.</summary>
    public const string Chunks = "chunks";

    /// <summary>A row for each batch that has not ended, by tenant.</summary>
    public const string ActiveBatches = "activebatches";

    /// <summary>Ended batches by what a list may be asked for: one partition per tenant.</summary>
    public const string BatchIndex = "batchindex";

    /// <summary>Wake-ups that have been sent and not yet taken up.</summary>
    public const string Pending = "pending";

    /// <summary>Files, uploads and manifests, by the time when they are due to be looked at.</summary>
    public const string Expiring = "expiring";

    /// <summary>API keys, by their hash.</summary>
    public const string ApiKeys = "apikeys";

    /// <summary>Projects of which an operator has set something, by name.</summary>
    public const string Projects = "projects";

    /// <summary>Who may have how many lines in flight at which upstream.</summary>
    public const string Fleet = "fleet";

    /// <summary>Keys that callers have given their requests, by tenant.</summary>
    public const string Idempotency = "idempotency";

    /// <summary>What projects have used, by tenant: a row for each day and model.</summary>
    public const string Usage = "usage";

    /// <summary>Endpoints that events of a project's batches are sent to, by tenant.</summary>
    public const string Webhooks = "webhooks";

    /// <summary>What is sent to them, and became of it: one partition per tenant, newest first.</summary>
    public const string Deliveries = "deliveries";

    /// <summary>All tables.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Batches, Files, Uploads, Chunks, ActiveBatches, Pending, Expiring, ApiKeys, Projects, Fleet, Idempotency, Usage, Webhooks, Deliveries,
        BatchIndex,
    ];
}
