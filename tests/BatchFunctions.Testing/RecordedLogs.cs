using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Testing;

/// <summary>Everything that is logged, at every level.</summary>
public sealed class RecordedLogs : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _records = new();

    public IReadOnlyList<(LogLevel Level, string Text)> Records => [.. _records];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        _records.Enqueue((logLevel, formatter(state, exception) + exception));

    public void Dispose()
    {
    }
}
