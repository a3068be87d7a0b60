namespace BatchFunctions.Storage;

/// <summary>The queues that the service keeps. Triggers and templates repeat the names; tests compare. Each has a poison queue of its name and <see cref="PoisonSuffix"/>, as the Functions host names them.</summary>
public static class QueueNames
{
    /// <summary>Batches to be validated.</summary>
    public const string Validate = "batch-validate";

    /// <summary>Chunks to be worked on.</summary>
    public const string Chunk = "batch-chunk";

    /// <summary>Batches whose counts and status may have moved.</summary>
    public const string Advance = "batch-advance";

    /// <summary>The sweep's own wake-up.</summary>
    public const string Sweep = "batch-sweep";

    /// <summary>What the Functions host adds to a queue's name for messages that failed too often.</summary>
    public const string PoisonSuffix = "-poison";

    /// <summary>The four working queues.</summary>
    public static IReadOnlyList<string> Working { get; } = [Validate, Chunk, Advance, Sweep];

    /// <summary>All of them, poison queues included.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Working, .. Working.Select(name => name + PoisonSuffix)];
}
