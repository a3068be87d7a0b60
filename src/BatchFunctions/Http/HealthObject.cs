using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Http;

/// <summary>The API's answer when the service is healthy.</summary>
internal sealed class HealthObject(IReadOnlyList<NamedUpstreamHealthObject> upstreams)
{
    private const string Ok = "ok";

    [AllowedValues(Ok)]
    public string Status { get; } = Ok;

    [Description("The upstream, as the process sees it that answers; of several the one that has been away longest, else one that lines go through to.")]
    public UpstreamHealthObject Upstream { get; } = UpstreamHealthObject.Worst(upstreams);

    [Description("Every upstream.")]
    public IReadOnlyList<NamedUpstreamHealthObject> Upstreams { get; } = upstreams;
}

/// <summary>What a process knows of one of the upstreams.</summary>
internal sealed class NamedUpstreamHealthObject(string name, UpstreamHealthObject health)
{
    public string Name { get; } = name;

    [AllowedValues(UpstreamHealthObject.Unknown, UpstreamHealthObject.Ok, UpstreamHealthObject.Away)]
    public string Status { get; } = health.Status;

    [Description("Unix time, in seconds.")]
    public long? AwaySince { get; } = health.AwaySince;

    [Description("What was met last: an HTTP status, or 'unreachable', 'broken' or 'timeout'.")]
    public string? Reason { get; } = health.Reason;

    internal UpstreamHealthObject Health => health;
}

/// <summary>What a process knows of the upstream.</summary>
internal sealed class UpstreamHealthObject
{
    /// <summary>No line has been sent by this process.</summary>
    public const string Unknown = "unknown";

    /// <summary>Lines go through.</summary>
    public const string Ok = "ok";

    /// <summary>Nobody gets through: lines wait, and the upstream is asked now and then.</summary>
    public const string Away = "away";

    [AllowedValues(Unknown, Ok, Away)]
    public required string Status { get; init; }

    /// <summary>Unix time, in seconds.</summary>
    public required long? AwaySince { get; init; }

    /// <summary>What was met last: an HTTP status, or <c>unreachable</c>, <c>broken</c> or <c>timeout</c>.</summary>
    public required string? Reason { get; init; }

    /// <summary>What there is to tell of several as of one: the one that has been away longest, else one that lines go through to.</summary>
    public static UpstreamHealthObject Worst(IReadOnlyList<NamedUpstreamHealthObject> upstreams) => upstreams
        .Select(static upstream => upstream.Health)
        .OrderBy(static health => health.AwaySince ?? long.MaxValue)
        .ThenByDescending(static health => health.Status == Ok)
        .First();

    /// <summary>What there is to tell of several that may each take a line: one that lines go through to, else the one that has been away least.</summary>
    public static UpstreamHealthObject Best(IReadOnlyList<UpstreamHealthObject> upstreams) => upstreams
        .OrderByDescending(static health => health.AwaySince ?? long.MaxValue)
        .ThenByDescending(static health => health.Status == Ok)
        .FirstOrDefault() ?? Of(isKnown: false, null, null);

    /// <summary>What there is to tell.</summary>
    /// <param name="isKnown">Whether lines have been sent at all.</param>
    /// <param name="awaySince">Since when nobody gets through; null while lines do.</param>
    /// <param name="reason">What was met last while it is away.</param>
    public static UpstreamHealthObject Of(bool isKnown, DateTimeOffset? awaySince, string? reason) => new()
    {
        Status = awaySince is not null ? Away : isKnown ? Ok : Unknown,
        AwaySince = awaySince?.ToUnixTimeSeconds(),
        Reason = reason,
    };
}
