namespace BatchFunctions.Capacity;

/// <summary>
/// What this process sees of its lines in flight in the present trial, which is as long as the fleet's limit stays the same. Lines
/// that were sent before it count as being in flight, and for nothing else: they have met another limit.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class FlightRecord(TimeProvider time)
{
    /// <summary>Bytes of an answer that count as one token, where no tokens are told.</summary>
    private const double BytesPerToken = 4;

    /// <summary>Tokens of a prompt that cost what one token of an answer costs.</summary>
    private const double PromptPerToken = 10;

    /// <summary>Over which time the rate is told: lines that take as long still show.</summary>
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Queue<(DateTimeOffset At, long Through)> _looks = new();
    private long _through;
    private readonly HashSet<LineFlight> _flying = [];

    /// <summary>The seconds that all lines together have been in flight, up to when this was last looked at.</summary>
    private double _lineSeconds;
    private DateTimeOffset _looked;

    /// <summary>When the trial's first line was sent, and <see cref="_lineSeconds"/> then.</summary>
    private (DateTimeOffset At, double LineSeconds)? _first;
    private int[] _ended = LogHistogram.NewCounts();
    private int[] _given = LogHistogram.NewCounts();
    private int _trial;
    private int _inFlight;
    private int _sent;
    private int _refused;
    private WorkFit _fit;

    /// <summary>A line's work, in tokens of an answer: by its usage where that was told, else by the bytes of its answer.</summary>
    public static double WorkOf(long promptTokens, long completionTokens, long answerBytes) =>
        promptTokens + completionTokens > 0 ? completionTokens + (promptTokens / PromptPerToken) : answerBytes / BytesPerToken;

    /// <summary>The limit in force is this trial's from now on; nothing changes where it is the same.</summary>
    public void Enter(int trial)
    {
        lock (_lock)
        {
            if (trial == _trial)
            {
                return;
            }

            _trial = trial;
            _flying.Clear();
            _ended = LogHistogram.NewCounts();
            _given = LogHistogram.NewCounts();
            _sent = _refused = 0;
            _first = null;
            _fit = default;
        }
    }

    /// <summary>A line is sent.</summary>
    /// <returns>What <see cref="Ended"/> is told when it is back, in whatever way.</returns>
    public LineFlight Sent()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            Look(now);
            _first ??= (now, _lineSeconds);
            var line = new LineFlight(now);
            _flying.Add(line);
            _inFlight++;
            _sent++;
            return line;
        }
    }

    /// <summary>A line is back.</summary>
    /// <param name="line">What <see cref="Sent"/> returned for it.</param>
    /// <param name="end">How it ended.</param>
    /// <param name="work">What <see cref="WorkOf"/> says, where it went through.</param>
    public void Ended(LineFlight line, FlightEnd end, double work)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            Look(now);
            _inFlight--;
            _through += end == FlightEnd.Through ? 1 : 0;
            if (!_flying.Remove(line))
            {
                return;
            }

            var took = now - line.Sent;
            switch (end)
            {
                case FlightEnd.Through:
                    _fit = _fit.With(work, took.TotalSeconds);
                    _ended[LogHistogram.BinOf(took)]++;
                    break;
                case FlightEnd.TimedOut:
                    _refused++;
                    _given[LogHistogram.BinOf(took)]++;
                    break;
                case FlightEnd.Refused:
                    _refused++;
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>What there is to tell the fleet.</summary>
    public FlightSummary Summary()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            Look(now);
            var flying = (int[])_given.Clone();
            foreach (var line in _flying)
            {
                flying[LogHistogram.BinOf(now - line.Sent)]++;
            }

            return new FlightSummary
            {
                Trial = _trial,
                InFlight = _inFlight,
                Met = MetBy(now),
                Sent = _sent,
                Refused = _refused,
                Rate = RateAt(now),
                Fit = _fit.Rounded(),
                Ended = LogHistogram.Of(_ended),
                Flying = LogHistogram.Of(flying),
            };
        }
    }

    private double MetBy(DateTimeOffset now) =>
        _first is var (at, before) && now > at ? Math.Round((_lineSeconds - before) / (now - at).TotalSeconds, 2) : _inFlight;

    private void Look(DateTimeOffset now)
    {
        _lineSeconds += _inFlight * (now - _looked).TotalSeconds;
        _looked = now;
    }

    /// <summary>Lines a second that went through since the oldest of the looks that are within the window.</summary>
    private double RateAt(DateTimeOffset now)
    {
        while (_looks.TryPeek(out var oldest) && now - oldest.At > RateWindow)
        {
            _looks.Dequeue();
        }

        var (since, before) = _looks.TryPeek(out var first) ? first : (now, _through);
        _looks.Enqueue((now, _through));
        return now > since ? Math.Round((_through - before) / (now - since).TotalSeconds, 2) : 0;
    }
}
