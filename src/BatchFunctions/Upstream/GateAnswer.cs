namespace BatchFunctions.Upstream;

/// <summary>A place in flight, or else how long to wait in storage for one.</summary>
/// <param name="Place">The place; null when there is none to be had soon.</param>
/// <param name="Wait">How long to wait in storage.</param>
internal readonly record struct GateAnswer(UpstreamPlace? Place, TimeSpan Wait);
