using BatchFunctions.Configuration;
using BatchFunctions.Lines;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;

namespace BatchFunctions.Upstream;

/// <summary>
/// Sends a line to the upstream and says what came of it. Everything that is decided about an attempt is decided in
/// <see cref="Judge"/>; the waiting and trying again is the pipeline's.
/// </summary>
internal sealed partial class UpstreamClient
{
    /// <summary>The longest that a line is postponed for, whatever the upstream asks: then it is asked again.</summary>
    public static readonly TimeSpan LongestPostponement = TimeSpan.FromHours(1);

    // Tries to connect before the chunk goes back to storage. A restarting upstream is back within a few.
    private const int ConnectTries = 4;

    // How much longer than asked for a line waits at most: lines refused together would else come back together.
    private const double Spread = 0.25;

    private readonly UpstreamConnection _connection;
    private readonly UpstreamOptions _options;
    private readonly BatchMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<UpstreamClient> _logger;
    private readonly ResiliencePipeline<Verdict> _attempts;
    private readonly OccasionalWarnings _warnings;

    public UpstreamClient(
        UpstreamConnection connection,
        BatchMetrics metrics,
        IOptions<BatchOptions> options,
        TimeProvider time,
        ILogger<UpstreamClient> logger)
    {
        _connection = connection;
        _options = options.Value.Upstream;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _warnings = new OccasionalWarnings(_options.Pause, time);

        // Built by hand and not by the container, which would add a log record and metrics to every attempt.
        _attempts = new ResiliencePipelineBuilder<Verdict> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<Verdict>
            {
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = _options.RetryDelay,
                MaxDelay = _options.LongestWait,
                ShouldHandle = static retry => ValueTask.FromResult(retry.Outcome.Result.TryAgain),
                DelayGenerator = static retry => ValueTask.FromResult(retry.Outcome.Result.Wait),
            })
            .Build();
    }

    /// <summary>Sends a line, and sends it again where that may help.</summary>
    /// <exception cref="UpstreamCancelledException">The caller cancelled.</exception>
    public async Task<UpstreamOutcome> SendAsync(UpstreamRequest request, CancellationToken ct)
    {
        var line = new AttemptedLine(request);
        Verdict verdict;
        try
        {
            // Nearly every line is answered at its first attempt, and needs nothing of what tries again.
            verdict = await AttemptAsync(line, ct);
            if (verdict.TryAgain)
            {
                verdict = await TryAgainAsync(line, verdict, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw new UpstreamCancelledException(line.Attempts, ct);
        }

        // Cancelled between an attempt and the wait behind it, the pipeline ends with what it has, which is not final.
        return verdict.TryAgain ? throw new UpstreamCancelledException(line.Attempts, ct) : verdict.Outcome;
    }

    /// <summary>Goes through the pipeline, whose first attempt is the one that has been made.</summary>
    private ValueTask<Verdict> TryAgainAsync(AttemptedLine line, Verdict first, CancellationToken ct)
    {
        line.First = first;
        return _attempts.ExecuteAsync(
            static (state, token) =>
            {
                if (state.Line.First is not { } made)
                {
                    return state.Client.AttemptAsync(state.Line, token);
                }

                state.Line.First = null;
                return ValueTask.FromResult(made);
            },
            (Client: this, Line: line),
            ct);
    }

    private async ValueTask<Verdict> AttemptAsync(AttemptedLine line, CancellationToken ct)
    {
        using var span = BatchTracing.StartAttempt(line.Request.Endpoint);
        var began = _time.GetTimestamp();
        var reply = await _connection.PostAsync(line.Request.Endpoint, line.Request.Body, ct);
        _metrics.AttemptMade(reply.Name, _time.GetElapsedTime(began));
        span?.SetTag("batchfunctions.upstream.status", reply.Name);
        var verdict = Judge(line, reply);
        if (verdict.TryAgain)
        {
            _metrics.AttemptRepeated(reply.Name);
        }

        return verdict;
    }

    private Verdict Judge(AttemptedLine line, Reply reply)
    {
        if (reply is Reply.Unreachable unreachable)
        {
            return JudgeUnreachable(line, unreachable);
        }

        line.ConnectTries = 0;
        if (reply is Reply.Answer { StatusCode: 401 or 403 } refusal)
        {
            if (_warnings.IsDue(PostponeReason.OperatorFault))
            {
                Log.KeyRefused(_logger, refusal.StatusCode, _options.Pause);
            }

            return Verdict.Final(new UpstreamOutcome.Postponed(line.Attempts, PostponeReason.OperatorFault, _options.Pause));
        }

        line.Attempts++;
        var attemptsLeft = line.Attempts < _options.MaxAttempts;
        return reply switch
        {
            Reply.Answer answer => JudgeAnswer(line, answer, attemptsLeft),
            Reply.TooLarge => Verdict.Final(new UpstreamOutcome.Failed(
                line.Attempts,
                UpstreamOutcome.Failed.ResponseTooLarge,
                $"The upstream's response is larger than {_options.MaxResponseBytes} bytes.")),
            Reply.TimedOut => new Verdict(
                new UpstreamOutcome.Failed(
                    line.Attempts,
                    UpstreamOutcome.Failed.RequestTimeout,
                    $"The upstream did not respond within {_options.Timeout.TotalSeconds:0.###} seconds."),
                attemptsLeft),
            Reply.Garbled garbled => new Verdict(
                new UpstreamOutcome.Failed(
                    line.Attempts,
                    UpstreamOutcome.Failed.InvalidResponse,
                    $"The upstream's response (status {garbled.StatusCode}) cannot be decoded. It begins: {UpstreamOutcome.Failed.Excerpt(garbled.Received)}"),
                attemptsLeft),
            _ => new Verdict(
                new UpstreamOutcome.Failed(
                    line.Attempts,
                    UpstreamOutcome.Failed.UpstreamUnreachable,
                    "The connection to the upstream broke before its response was complete."),
                attemptsLeft),
        };
    }

    private Verdict JudgeUnreachable(AttemptedLine line, Reply.Unreachable reply)
    {
        line.ConnectTries++;
        if (line.ConnectTries == 1)
        {
            line.UnreachableSince = _time.GetTimestamp();
        }

        // A try that hangs takes the connect timeout, so the time is watched as well as the number.
        var again = line.ConnectTries < ConnectTries
            && _time.GetElapsedTime(line.UnreachableSince) < _options.LongestWait;
        if (!again && _warnings.IsDue(PostponeReason.Unreachable))
        {
            Log.Unreachable(_logger, reply.Cause.GetBaseException().Message, _options.Pause);
        }

        return new Verdict(
            new UpstreamOutcome.Postponed(line.Attempts, PostponeReason.Unreachable, _options.Pause),
            again);
    }

    private Verdict JudgeAnswer(AttemptedLine line, Reply.Answer answer, bool attemptsLeft)
    {
        var success = answer.StatusCode is >= 200 and <= 299;
        var mayChange = success ? answer.Body.NotJson : answer.StatusCode is 408 or 409 or 429 or >= 500;
        var again = mayChange && attemptsLeft;
        if (again && answer.RetryAfter is { } asked)
        {
            return asked > _options.LongestWait ? Postpone(line, asked) : new Verdict(AnsweredBy(line, answer), TryAgain: true, WithJitter(asked));
        }

        return new Verdict(AnsweredBy(line, answer), again);
    }

    private Verdict Postpone(AttemptedLine line, TimeSpan asked)
    {
        var delay = asked < LongestPostponement ? asked : LongestPostponement;
        if (_warnings.IsDue(PostponeReason.RetryAfter))
        {
            Log.AskedToWait(_logger, asked, delay);
        }

        return Verdict.Final(new UpstreamOutcome.Postponed(line.Attempts, PostponeReason.RetryAfter, delay));
    }

    private static UpstreamOutcome.Answered AnsweredBy(AttemptedLine line, Reply.Answer answer) => new(
        line.Attempts,
        answer.StatusCode,
        answer.RequestId,
        answer.Body.Json,
        answer.Body.NotJson ? default : TokenUsage.Read(answer.Body.Json),
        answer.Body.NotJson);

    private static TimeSpan WithJitter(TimeSpan wait) => wait * (1 + (Spread * Random.Shared.NextDouble()));

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "The upstream refuses the service's key (status {StatusCode}). Set Batch__Upstream__ApiKey and, for Azure OpenAI, Batch__Upstream__ApiKeyHeader. Lines wait for {Pause} and are then sent again.")]
        public static partial void KeyRefused(ILogger logger, int statusCode, TimeSpan pause);

        [LoggerMessage(
            LogLevel.Warning,
            "The upstream cannot be reached ({Reason}): check Batch__Upstream__BaseUrl, and that the upstream runs. Lines wait for {Pause} and are then sent again.")]
        public static partial void Unreachable(ILogger logger, string reason, TimeSpan pause);

        [LoggerMessage(LogLevel.Warning, "The upstream asks for a wait of {Asked}. Lines wait for {Delay} and are then sent again.")]
        public static partial void AskedToWait(ILogger logger, TimeSpan asked, TimeSpan delay);
    }
}
