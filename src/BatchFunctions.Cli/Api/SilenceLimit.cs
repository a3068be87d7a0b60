namespace BatchFunctions.Cli.Api;

/// <summary>Ends what has come to a standstill: whoever gets on says so, and has the whole time again.</summary>
internal sealed class SilenceLimit : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _caller;
    private readonly TimeSpan _limit;

    /// <summary>Begins to count.</summary>
    public SilenceLimit(TimeSpan limit, CancellationToken caller)
    {
        _limit = limit;
        _caller = caller;
        _source = CancellationTokenSource.CreateLinkedTokenSource(caller);
        GotOn();
    }

    /// <summary>Fires at a standstill, and when the caller gives up.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether it was the standstill, and not the caller.</summary>
    public bool IsStandstill => !_caller.IsCancellationRequested;

    /// <summary>Something has moved.</summary>
    public void GotOn() => _source.CancelAfter(_limit);

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
