using BatchFunctions.Http;

namespace BatchFunctions.Files;

/// <summary>What a file or a part is held to while it comes.</summary>
internal sealed record Intake
{
    /// <summary>The largest size, in bytes.</summary>
    public required long MaxBytes { get; init; }

    /// <summary>What to answer to more than that.</summary>
    public required ApiError TooLarge { get; init; }

    /// <summary>Is shown every byte before it is staged, and may refuse it.</summary>
    public Action<ReadOnlySpan<byte>> See { get; init; } = static _ => { };

    /// <summary>
    /// Is told before each block how many bytes there are with it, and may refuse it. Once it has been called, there may
    /// be something to discard.
    /// </summary>
    public required Func<long, ValueTask> AdmitAsync { get; init; }
}
