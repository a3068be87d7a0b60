using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli;

/// <summary>What the commands use of their surroundings, so that tests can replace it.</summary>
internal sealed record CommandEnvironment
{
    /// <summary>Gets an environment variable; null if it is not set.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Opens standard output as a stream of bytes.</summary>
    public Func<Stream> StandardOutput { get; init; } = Console.OpenStandardOutput;

    /// <summary>Opens standard input as a stream of bytes.</summary>
    public Func<Stream> StandardInput { get; init; } = Console.OpenStandardInput;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// The size of a part of an upload, in bytes. OpenAI accepts parts of up to 64 MB; but where a host reads a request into
    /// memory as a whole, as that of Azure Functions does, a part costs it several times its size.
    /// </summary>
    public long PartBytes { get; init; } = 8_000_000;

    /// <summary>Timeouts and retries of requests to the service.</summary>
    public ApiTimes Times { get; init; } = new();

    /// <summary>How often a batch is polled.</summary>
    public PollTimes Poll { get; init; } = new();
}
