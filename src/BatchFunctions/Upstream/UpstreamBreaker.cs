using BatchFunctions.Configuration;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Upstream;

/// <summary>
/// Opens when the upstream answers nobody as it should, and closes when a line goes through again. While it is open, one
/// line at a time goes out as a probe, once in <see cref="ProbeInterval"/>, or when the upstream asked to be asked again.
/// Under the gate's lock; it has none of its own.
/// </summary>
internal sealed partial class UpstreamBreaker(
    UpstreamRecord record,
    BatchMetrics metrics,
    UpstreamSettings settings,
    TimeProvider time,
    ILogger<UpstreamBreaker> logger)
{
    /// <summary>How often a dead upstream is asked, at most.</summary>
    public static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(5);

    /// <summary>The shortest wait that is taken from an upstream that is asked again on its own terms.</summary>
    private static readonly TimeSpan ShortestAsked = TimeSpan.FromSeconds(1);

    /// <summary>How many faults without a line that went through between make an upstream that is not well.</summary>
    private const int FaultsThatOpen = 3;

    private DateTimeOffset? _openSince;
    private string? _reason;
    private DateTimeOffset _nextProbe;
    private DateTimeOffset? _messengerAt;
    private DateTimeOffset? _throughSince;
    private DateTimeOffset _passedAt;

    /// <summary>For how long a line that went through says that others do.</summary>
    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(1);

    /// <summary>How often the upstream has come back.</summary>
    public int Returns { get; private set; }

    /// <summary>Since when lines have gone through, if one has lately; null while nobody gets through.</summary>
    public DateTimeOffset? ThroughSince => !IsOpen && time.GetUtcNow() - _passedAt < Lately ? _throughSince : null;

    /// <summary>The longest that a line waits in memory.</summary>
    public TimeSpan LongestWait { get; } = settings.Options.LongestWait;

    public bool IsOpen => _openSince is not null;

    /// <summary>What is known of the upstream.</summary>
    public UpstreamCondition Condition => new(record.Through > 0 || IsOpen, _openSince, IsOpen ? _reason : null);

    /// <summary>Whether so many lines have failed in a row that the upstream is taken for not well.</summary>
    public bool IsFailing => record.FaultsInARow >= FaultsThatOpen;

    /// <summary>When the next probe may go; of no meaning while the breaker is closed.</summary>
    public DateTimeOffset NextProbe => _nextProbe;

    /// <summary>Whether the next probe is so far away that nobody should wait for it in memory.</summary>
    public bool IsProbeFar => _nextProbe - time.GetUtcNow() > LongestWait;

    /// <summary>
    /// How long a line that finds the breaker open should wait in storage: until the next probe where that is far away, and
    /// else longer the longer the breaker has been open, since each look costs requests. Zero while it is worth waiting in
    /// memory.
    /// </summary>
    public TimeSpan StorageWait
    {
        get
        {
            var now = time.GetUtcNow();
            return _openSince is not { } since ? TimeSpan.Zero
                : IsProbeFar ? _nextProbe - now
                : now - since < LongestWait ? TimeSpan.Zero
                : TimeSpan.FromSeconds(Math.Clamp((now - since).TotalSeconds / 2, 10, 60));
        }
    }

    /// <summary>
    /// Whether somebody is to come back by himself for the next probe, which is far away: one for each, however many are put off until then.
    /// </summary>
    public bool NeedsMessenger()
    {
        if (!IsProbeFar || _messengerAt == _nextProbe)
        {
            return false;
        }

        _messengerAt = _nextProbe;
        return true;
    }

    /// <summary>Takes note that a probe goes out.</summary>
    public void Probing() => _nextProbe = time.GetUtcNow() + ProbeInterval;

    /// <summary>A line went through.</summary>
    public void Passed()
    {
        var now = time.GetUtcNow();
        _throughSince = ThroughSince ?? now;
        _passedAt = now;
        if (_openSince is { } since)
        {
            _openSince = null;
            Returns++;
            metrics.UpstreamOpen(settings.Name, false);
            Log.Back(logger, settings.Title, now - since);
        }
    }

    /// <summary>The upstream failed a line.</summary>
    /// <param name="reply">How.</param>
    public void Failed(Reply reply)
    {
        if (_openSince is null)
        {
            if (reply is not Reply.Unreachable && !IsFailing)
            {
                return;
            }

            _openSince = time.GetUtcNow();
            metrics.UpstreamOpen(settings.Name, true);
            Report(reply);
        }

        _reason = reply.Name;
        var wait = (reply as Reply.Answer)?.RetryAfter is { } asked && asked > ShortestAsked ? asked : ProbeInterval;
        var longest = UpstreamClient.LongestPostponement;
        _nextProbe = time.GetUtcNow() + (wait < longest ? wait : longest);
    }

    /// <summary>Once at each opening: a whole process of lines meets the same fault at once.</summary>
    private void Report(Reply reply)
    {
        switch (reply)
        {
            case Reply.Answer { StatusCode: 401 or 403 } answer:
                Log.KeyRefused(logger, settings.Title, answer.StatusCode, settings.Prefix);
                break;
            case Reply.Answer { StatusCode: >= 300 and <= 399 } answer:
                Log.Redirected(logger, settings.Title, answer.StatusCode, answer.Location ?? "nowhere", settings.Prefix);
                break;
            case Reply.Unreachable unreachable:
                Log.Unreachable(logger, settings.Title, unreachable.Cause.GetBaseException().Message, settings.Prefix);
                break;
            case Reply.Broken broken:
                Log.NotWell(logger, settings.Title, broken.Cause.GetBaseException().Message);
                break;
            default:
                Log.NotWell(logger, settings.Title, reply.Name);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "{Upstream} refuses the service's key (status {StatusCode}). Set {Prefix}__ApiKey and, for Azure OpenAI, {Prefix}__ApiKeyHeader. Lines wait, and one is sent now and then.")]
        public static partial void KeyRefused(ILogger logger, string upstream, int statusCode, string prefix);

        [LoggerMessage(
            LogLevel.Error,
            "{Upstream} redirects (status {StatusCode}) to {Location}: set {Prefix}__BaseUrl to where the API is. Lines wait, and one is sent now and then.")]
        public static partial void Redirected(ILogger logger, string upstream, int statusCode, string location, string prefix);

        [LoggerMessage(
            LogLevel.Warning,
            "{Upstream} cannot be reached ({Reason}): check {Prefix}__BaseUrl, and that the upstream runs. Lines wait, and one is sent now and then.")]
        public static partial void Unreachable(ILogger logger, string upstream, string reason, string prefix);

        [LoggerMessage(LogLevel.Warning, "{Upstream} answers nobody as it should ({Reason}). Lines wait, and one is sent now and then.")]
        public static partial void NotWell(ILogger logger, string upstream, string reason);

        [LoggerMessage(LogLevel.Information, "{Upstream} is back after {Away}.")]
        public static partial void Back(ILogger logger, string upstream, TimeSpan away);
    }
}
