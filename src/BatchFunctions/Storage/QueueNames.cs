namespace BatchFunctions.Storage;

/// <summary>The queues that the service keeps. Triggers and templates repeat the names; tests compare. Each has a poison queue of its name and <see cref="PoisonSuffix"/>, as the Functions host names them.</summary>
public static class QueueNames
{
    /// <summary>The steps of batches: what is short, and what the message's kind tells apart.</summary>
    public const string Steps = "batch-steps";

    /// <summary>Chunks to be worked on, for minutes each: a queue of its own, so that no step waits behind them.</summary>
    public const string Chunk = "batch-chunk";

    /// <summary>What the Functions host adds to a queue's name for messages that failed too often.</summary>
    public const string PoisonSuffix = "-poison";

    /// <summary>The queues that a host hands messages out of.</summary>
    public static IReadOnlyList<string> Working { get; } = [Steps, Chunk];

    /// <summary>The queues that only the sweep looks at.</summary>
    public static IReadOnlyList<string> Poison { get; } = [.. Working.Select(name => name + PoisonSuffix)];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Working, .. Poison];
}
