namespace BatchFunctions.StrictStorage.Chance;

/// <summary>What goes wrong with a request.</summary>
public enum StorageFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It never arrives, and there is no answer.</summary>
    RequestLost,

    /// <summary>It takes effect, and there is no answer.</summary>
    AnswerLost,

    /// <summary>It is answered with 503 <c>ServerBusy</c>, and takes no effect.</summary>
    ServerBusy,

    /// <summary>It is answered with 500 <c>InternalError</c>, and takes no effect.</summary>
    Failed,

    /// <summary>It takes effect, and is answered with 500 <c>OperationTimedOut</c>.</summary>
    TimedOut,
}

/// <summary>What becomes of a request.</summary>
/// <param name="Fault">What goes wrong.</param>
/// <param name="Before">How long it is under way until it takes effect, or would have, on storage's clock.</param>
/// <param name="After">How long its answer is under way.</param>
public readonly record struct StorageFate(StorageFault Fault, TimeSpan Before = default, TimeSpan After = default);
