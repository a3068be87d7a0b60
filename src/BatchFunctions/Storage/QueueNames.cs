namespace BatchFunctions.Storage;

/// <summary>
/// The service's queues. Triggers and templates repeat the names, and tests compare them. Each has a poison queue,
/// named after it with <see cref="PoisonSuffix"/>, as the Functions host does.
/// </summary>
public static class QueueNames
{
    /// <summary>The short steps of batches; the message's kind says which.</summary>
    public const string Steps = "batch-steps";

    /// <summary>Chunks to work on, for minutes each: a queue of their own, so that no step waits behind them.</summary>
    public const string Chunk = "batch-chunk";

    /// <summary>The suffix that the Functions host appends for the queue of messages that failed too often.</summary>
    public const string PoisonSuffix = "-poison";

    /// <summary>The queues whose messages a host hands out.</summary>
    public static IReadOnlyList<string> Working { get; } = [Steps, Chunk];

    /// <summary>The queues that only the sweep reads.</summary>
    public static IReadOnlyList<string> Poison { get; } = [.. Working.Select(name => name + PoisonSuffix)];

    /// <summary>All queues.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Working, .. Poison];
}
