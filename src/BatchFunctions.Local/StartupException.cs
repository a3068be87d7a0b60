namespace BatchFunctions.SelfHost;

/// <summary>Something that a user must fix before the program can go on; the message says what, on one line.</summary>
public sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What is wrong: the command, its options or its settings, unless something else is said.</summary>
    internal FailureKind Kind { get; init; } = FailureKind.Usage;
}
