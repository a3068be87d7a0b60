using BatchFunctions.Chunks;

namespace BatchFunctions.Processing;

/// <summary>
/// The lines of a claimed chunk that have not come to an end: the attempts that each has used, and until when they are
/// to be left alone. The lines that are sent change it, side by side; the row is written from it.
/// </summary>
internal sealed class LinesLeft(Chunk claimed)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, int> _attempts = new(claimed.Attempts);
    private DateTimeOffset? _notBefore;

    /// <summary>Until when the lines wait, as far as one of them must; null when none must.</summary>
    public DateTimeOffset? NotBefore
    {
        get
        {
            lock (_lock)
            {
                return _notBefore;
            }
        }
    }

    /// <summary>The attempts that a line has used so far, those of earlier runs included.</summary>
    public int AttemptsOf(int line)
    {
        lock (_lock)
        {
            return _attempts.GetValueOrDefault(line);
        }
    }

    /// <summary>The attempts used, by the line's index, as they stand now: what the chunk's row keeps.</summary>
    public IReadOnlyDictionary<int, int> Attempts()
    {
        lock (_lock)
        {
            return new Dictionary<int, int>(_attempts);
        }
    }

    /// <summary>Notes the attempts of a line that is not done, for the next checkpoint's row.</summary>
    public void Note(int line, int attempts)
    {
        if (attempts > 0)
        {
            lock (_lock)
            {
                _attempts[line] = attempts;
            }
        }
    }

    /// <summary>Notes that a line must wait, and the attempts that it has used.</summary>
    public void Postpone(int line, int attempts, DateTimeOffset until)
    {
        Note(line, attempts);
        lock (_lock)
        {
            _notBefore = _notBefore > until ? _notBefore : until;
        }
    }

    /// <summary>Notes that a line has come to an end.</summary>
    public void End(int line)
    {
        lock (_lock)
        {
            _attempts.Remove(line);
        }
    }
}
