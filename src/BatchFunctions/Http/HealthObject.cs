using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Http;

/// <summary>The API's answer when the service is healthy.</summary>
internal sealed class HealthObject(UpstreamHealthObject upstream)
{
    private const string Ok = "ok";

    [AllowedValues(Ok)]
    public string Status { get; } = Ok;

    /// <summary>The upstream, as the process sees it that answers.</summary>
    public UpstreamHealthObject Upstream { get; } = upstream;
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
