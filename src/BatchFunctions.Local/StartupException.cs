namespace BatchFunctions.SelfHost;

/// <summary>Something that a user must fix before the program can go on; the message says what, on one line.</summary>
public sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner);
