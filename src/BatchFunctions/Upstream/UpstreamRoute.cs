namespace BatchFunctions.Upstream;

/// <summary>The upstreams that serve a model.</summary>
/// <param name="Targets">One or several.</param>
internal sealed record UpstreamRoute(IReadOnlyList<UpstreamTarget> Targets)
{
    /// <summary>Whether several serve it.</summary>
    public bool IsShared => Targets.Count > 1;

    /// <summary>Where a line waits that may go to each of them at once.</summary>
    public IReadOnlyList<(UpstreamEntry Upstream, DateTimeOffset Due)> Doors { get; } =
        [.. Targets.Select(static target => (target.Upstream, DateTimeOffset.MinValue))];

    /// <summary>The one among them at which a place is.</summary>
    public UpstreamTarget TargetAt(UpstreamPlace place) =>
        Targets is [var only] ? only : Targets.First(target => target.Upstream.Index == place.Upstream);
}

/// <summary>An upstream that serves a model.</summary>
/// <param name="Upstream">The upstream.</param>
/// <param name="Model">The name that it is sent under, as JSON; null where that is the caller's own.</param>
internal sealed record UpstreamTarget(UpstreamEntry Upstream, byte[]? Model);
