using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli;

/// <summary>What the commands take from around them, and a test from elsewhere.</summary>
internal sealed record CommandEnvironment
{
    /// <summary>An environment variable; null when it is not set.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Standard output for bytes.</summary>
    public Func<Stream> StandardOutput { get; init; } = Console.OpenStandardOutput;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The size of a part of an upload, bytes: the largest that OpenAI takes.</summary>
    public long PartBytes { get; init; } = 64_000_000;

    /// <summary>How long a service is waited for, and how it is asked again.</summary>
    public ApiTimes Times { get; init; } = new();

    /// <summary>How often a batch is asked for.</summary>
    public PollTimes Poll { get; init; } = new();
}
