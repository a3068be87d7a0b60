namespace BatchFunctions.Testing.Simulation;

/// <summary>
/// An upstream in simulated time. All lines that are worked on are equally fast, so each ends when as much has been done for every line
/// as it needs, counted from when it was begun.
/// </summary>
internal sealed class SimulatedUpstream(UpstreamShape shape)
{
    /// <summary>How long a client keeps an idle connection.</summary>
    private const double IdleConnection = 4;

    private readonly PriorityQueue<SimulatedLine, double> _served = new();
    private readonly Queue<SimulatedLine> _queue = [];
    private readonly Queue<SimulatedLine> _unread = [];
    private readonly List<(int Process, double Since)> _idle = [];
    private int _connections;
    private double _done;
    private double _now;
    private double _allowance = Math.Max(1, shape.RateLimit);
    private double _allowed;

    /// <summary>Work done in a second, now.</summary>
    public double Rate => shape.RateOf(_served.Count, _now);

    /// <summary>Lines in flight here.</summary>
    public int InFlight => _served.Count + _queue.Count + _unread.Count;

    /// <summary>When something happens here next, if nothing else does before.</summary>
    public double Next
    {
        get
        {
            var next = _idle.Count > 0 && _unread.Count > 0 ? _idle[0].Since + IdleConnection : double.PositiveInfinity;
            return _served.TryPeek(out _, out var end) ? Math.Min(next, _now + Math.Max(0, (end - _done) / Each)) : next;
        }
    }

    private double Each => Rate / _served.Count;

    /// <summary>A line comes.</summary>
    /// <returns>Whether it is let in.</returns>
    public bool TryAdd(SimulatedLine line)
    {
        if (!double.IsInfinity(shape.RateLimit))
        {
            _allowance = Math.Min(Math.Max(1, shape.RateLimit), _allowance + ((_now - _allowed) * shape.RateLimit));
            _allowed = _now;
            if (_allowance < 1)
            {
                return false;
            }

            _allowance--;
        }

        var idle = _idle.FindLastIndex(one => one.Process == line.Process);
        if (idle >= 0)
        {
            _idle.RemoveAt(idle);
            Read(line);
        }
        else if (_connections < shape.Workers)
        {
            _connections++;
            Read(line);
        }
        else
        {
            _unread.Enqueue(line);
        }

        return true;
    }

    /// <summary>Time passes, up to <see cref="Next"/> at most.</summary>
    /// <returns>The lines that have ended.</returns>
    public List<SimulatedLine> Advance(double to)
    {
        var ended = new List<SimulatedLine>();
        if (_served.Count > 0)
        {
            _done += Each * (to - _now);
        }

        _now = to;
        while (_served.TryPeek(out var line, out var end) && end <= _done + 1e-9)
        {
            _served.Dequeue();
            ended.Add(line);
            if (shape.Workers < int.MaxValue)
            {
                _idle.Add((line.Process, _now));
            }

            Begin();
        }

        while (_idle.Count > 0 && _idle[0].Since + IdleConnection <= _now + 1e-9)
        {
            _idle.RemoveAt(0);
            _connections--;
            if (_unread.TryDequeue(out var line))
            {
                _connections++;
                Read(line);
            }
        }

        return ended;
    }

    private void Read(SimulatedLine line)
    {
        _queue.Enqueue(line);
        Begin();
    }

    private void Begin()
    {
        while (_served.Count < shape.Slots && _queue.TryDequeue(out var line))
        {
            _served.Enqueue(line, _done + shape.Prefill + line.Work);
        }
    }
}
