namespace BatchFunctions.SelfHost;

/// <summary>Something that a person must put right before the service can start; the message says what, on one line.</summary>
public sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner);
