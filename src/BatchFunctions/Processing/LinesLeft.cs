using BatchFunctions.Chunks;
using BatchFunctions.Upstream;

namespace BatchFunctions.Processing;

/// <summary>
/// The lines of a claimed chunk that have not come to an end: what is known of each, and until when it is kept back. The lines
/// that are sent change it, side by side; the row is written from it.
/// </summary>
internal sealed class LinesLeft(Chunk claimed)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, LineLeft> _lines = new(claimed.Left);
    private DateTimeOffset? _notBefore;
    private bool _isAway;

    /// <summary>What is known of a line, earlier runs included.</summary>
    public LineLeft Of(int line)
    {
        lock (_lock)
        {
            return _lines.GetValueOrDefault(line);
        }
    }

    /// <summary>All that is known, by the line's index, as it stands now: what the chunk's row keeps.</summary>
    public IReadOnlyDictionary<int, LineLeft> Snapshot()
    {
        lock (_lock)
        {
            return new Dictionary<int, LineLeft>(_lines);
        }
    }

    /// <summary>
    /// From when on the chunk may be taken up again, once nothing of it is in flight: when the first of its lines may be sent,
    /// or as the whole chunk was put off.
    /// </summary>
    /// <param name="done">How many of the chunk's lines are done.</param>
    /// <param name="now">For lines that need not wait.</param>
    public DateTimeOffset NotBefore(int done, DateTimeOffset now)
    {
        lock (_lock)
        {
            var waiting = _lines.Values.Where(line => line.NotBefore > now).ToList();
            var first = waiting.Count > 0 && done + waiting.Count == claimed.Lines ? waiting.Min(line => line.NotBefore)!.Value : now;
            return _notBefore > first ? _notBefore.Value : first;
        }
    }

    /// <summary>Whether the whole chunk has been put off.</summary>
    public bool IsPutOff
    {
        get
        {
            lock (_lock)
            {
                return _notBefore is not null;
            }
        }
    }

    /// <summary>Whether the whole chunk has been put off until its upstream is back, for which others ask.</summary>
    public bool IsPutOffForUpstream
    {
        get
        {
            lock (_lock)
            {
                return _notBefore is not null && _isAway;
            }
        }
    }

    /// <summary>Puts the whole chunk off: its lines find no place to be sent from.</summary>
    /// <param name="until">Until when.</param>
    /// <param name="isAway">Whether it may go on before that if its upstream is back, and need not if it is not.</param>
    public void PutOff(DateTimeOffset until, bool isAway)
    {
        lock (_lock)
        {
            _notBefore = until;
            _isAway = isAway;
        }
    }

    /// <summary>Notes what is known of a line that is not done, for the next checkpoint's row.</summary>
    /// <param name="line">The line's index.</param>
    /// <param name="state">What is known.</param>
    /// <param name="notBefore">Until when it is kept back, if it is.</param>
    public void Note(int line, LineState state, DateTimeOffset? notBefore)
    {
        if (state != default || notBefore is not null)
        {
            lock (_lock)
            {
                _lines[line] = new LineLeft(state, notBefore);
            }
        }
    }

    /// <summary>Notes that a line has come to an end.</summary>
    public void End(int line)
    {
        lock (_lock)
        {
            _lines.Remove(line);
        }
    }
}
