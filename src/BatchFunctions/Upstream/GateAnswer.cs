namespace BatchFunctions.Upstream;

/// <summary>A place in flight, or else how long to wait in storage for one.</summary>
/// <param name="Place">The place; null when there is none to be had soon.</param>
/// <param name="Wait">How long to wait in storage.</param>
internal readonly record struct GateAnswer(UpstreamPlace? Place, TimeSpan Wait)
{
    /// <summary>
    /// Whether there is none since nobody gets through to any of the upstreams, and others ask them whether they are back: it is enough to
    /// go on then.
    /// </summary>
    public bool IsAway { get; init; }
}
