using BatchFunctions.Capacity;

namespace BatchFunctions.Upstream;

/// <summary>A line's place in flight.</summary>
internal sealed class UpstreamPlace(
    UpstreamGate gate, int upstream, GateTurn turn, int number, int suspicion, bool isProbe, int inFlight, LinkedListNode<DateTimeOffset> sent, LineFlight flight, double tokens) : IDisposable
{
#pragma warning disable CA2213 // The gate outlives its places.
    private UpstreamGate? _gate = gate;
#pragma warning restore CA2213

    /// <summary>Which upstream it is at: its place in the registry.</summary>
    public int Upstream { get; } = upstream;

    /// <summary>Whose line it is for.</summary>
    public GateTurn Turn { get; } = turn;

    /// <summary>Which place it is of all that were given out.</summary>
    public int Number { get; } = number;

    public int Suspicion { get; } = suspicion;

    public bool IsProbe { get; } = isProbe;

    /// <summary>How many lines were in flight with it when it was given out, itself included.</summary>
    public int InFlight { get; } = inFlight;

    /// <summary>When it was given out, as the pace counts it.</summary>
    public LinkedListNode<DateTimeOffset> Sent { get; } = sent;

    /// <summary>The line in flight, as the fleet counts it.</summary>
    public LineFlight Flight { get; } = flight;

    /// <summary>The tokens that it was taken to cost.</summary>
    public double Tokens { get; } = tokens;

    /// <summary>How it ended, as far as is known.</summary>
    public FlightEnd End { get; set; } = FlightEnd.Untold;

    /// <summary>The work that it was, where it went through.</summary>
    public double Work { get; set; }

    public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Return(this);
}
