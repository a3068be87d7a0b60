namespace BatchFunctions.Capacity;

/// <summary>How a line in flight ended.</summary>
internal enum FlightEnd
{
    /// <summary>It was answered, in a way that took the upstream's work.</summary>
    Through,

    /// <summary>It was refused for being one too many: 429 or 503.</summary>
    Refused,

    /// <summary>It timed out: the upstream worked on it, and was too slow.</summary>
    TimedOut,

    /// <summary>It ended in a way that says nothing about what the upstream can take.</summary>
    Untold,
}
