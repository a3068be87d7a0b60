namespace BatchFunctions.Cli.Api;

/// <summary>A timeout for work without progress: whoever makes progress reports it, and the time starts over.</summary>
internal sealed class SilenceLimit : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _caller;
    private readonly TimeSpan _limit;

    /// <summary>Starts the timeout.</summary>
    public SilenceLimit(TimeSpan limit, CancellationToken caller)
    {
        _limit = limit;
        _caller = caller;
        _source = CancellationTokenSource.CreateLinkedTokenSource(caller);
        GotOn();
    }

    /// <summary>Fires when there has been no progress for the given time, and when the caller cancels.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the timeout fired, rather than the caller's token.</summary>
    public bool IsStandstill => !_caller.IsCancellationRequested;

    /// <summary>Reports progress.</summary>
    public void GotOn() => _source.CancelAfter(_limit);

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
