namespace BatchFunctions.Cli.Api;

/// <summary>How long a service is waited for, and how it is asked again.</summary>
internal sealed record ApiTimes
{
    /// <summary>A request in which nothing moves for this long counts as broken off.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The gap before the second try; each is twice the one before it.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest <c>Retry-After</c> that is waited for.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is sent again.</summary>
    public int Retries { get; init; } = 4;
}
