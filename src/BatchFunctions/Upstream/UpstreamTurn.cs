namespace BatchFunctions.Upstream;

/// <summary>
/// A chunk's run at the gates of all upstreams that its lines may go to: it comes to a gate with the first of them. It ends when all of
/// its places have been given back.
/// </summary>
/// <param name="upstreams">How many upstreams there are.</param>
/// <param name="batch">The chunk's batch.</param>
/// <param name="chunk">The chunk's number.</param>
/// <param name="lines">Its lines that are not done.</param>
/// <param name="weight">Its project's part beside other projects.</param>
/// <param name="lease">Until when the run may send.</param>
internal sealed class UpstreamTurn(int upstreams, BatchAtGate batch, int chunk, int lines, double weight, SendingLease lease) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly (UpstreamGate Gate, GateTurn Turn)?[] _turns = new (UpstreamGate, GateTurn)?[upstreams];
    private readonly int[] _seen = new int[upstreams];
    private int _seenInAll;
    private int _left = lines;

    /// <summary>Until when the run may send.</summary>
    public SendingLease Lease { get; } = lease;

    /// <summary>Its turn at an upstream's gate.</summary>
    public GateTurn At(UpstreamEntry upstream)
    {
        lock (_lock)
        {
            return (_turns[upstream.Index] ??= (upstream.Gate, upstream.Gate.Join(batch, chunk, _left, weight))).Turn;
        }
    }

    /// <summary>
    /// The next line is for these upstreams. Where there are several, each is told of as many lines as may yet come its way: it is
    /// not known before they are read.
    /// </summary>
    public void See(UpstreamRoute route)
    {
        if (upstreams == 1)
        {
            return;
        }

        lock (_lock)
        {
            _seenInAll++;
            foreach (var target in route.Targets)
            {
                _seen[target.Upstream.Index]++;
            }
        }

        foreach (var target in route.Targets)
        {
            At(target.Upstream);
        }
    }

    /// <summary>The line that was <see cref="See">seen</see> last has been sent, or is put off.</summary>
    public void Done()
    {
        if (upstreams == 1)
        {
            return;
        }

        lock (_lock)
        {
            _left = Math.Max(0, _left - 1);
            for (var i = 0; i < _turns.Length; i++)
            {
                if (_turns[i] is var (gate, turn))
                {
                    gate.SetLeft(turn, (int)Math.Ceiling((double)_left * _seen[i] / _seenInAll));
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (var joined in _turns)
        {
            joined?.Turn.Dispose();
        }
    }
}
