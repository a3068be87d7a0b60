namespace BatchFunctions.Cli.Api;

/// <summary>Timeouts and retries of requests to the service.</summary>
internal sealed record ApiTimes
{
    /// <summary>A request with no progress for this long counts as broken.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The delay before the first retry; it doubles with each further one.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest <c>Retry-After</c> that is honoured; if it is longer, the request fails.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is retried.</summary>
    public int Retries { get; init; } = 4;
}
