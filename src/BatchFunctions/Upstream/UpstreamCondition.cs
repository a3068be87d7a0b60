namespace BatchFunctions.Upstream;

/// <summary>What this process knows of the upstream, for an operator.</summary>
/// <param name="IsKnown">Whether lines have been sent at all.</param>
/// <param name="AwaySince">Since when nobody gets through; null while lines do.</param>
/// <param name="Reason">What was met last while it is away: an HTTP status, or <c>unreachable</c>, <c>broken</c>, <c>timeout</c>.</param>
internal readonly record struct UpstreamCondition(bool IsKnown, DateTimeOffset? AwaySince, string? Reason);
