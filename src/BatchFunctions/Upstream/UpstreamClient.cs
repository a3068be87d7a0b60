using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Memory;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Upstream;

/// <summary>
/// Sends a line to the upstream, as often as it takes, and says what came of it. When it may be sent is the gate's to say;
/// what an answer means is decided in <see cref="Verdicts"/>, and everything here only obeys.
/// </summary>
internal sealed partial class UpstreamClient(
    UpstreamConnection connection,
    UpstreamGate gate,
    UpstreamRecord record,
    ByteBudget memory,
    BatchMetrics metrics,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<UpstreamClient> logger,
    Random? random = null)
{
    /// <summary>The longest that a line is postponed for, whatever the upstream asks: then it is asked again.</summary>
    public static readonly TimeSpan LongestPostponement = TimeSpan.FromHours(1);

    /// <summary>How long a line waits in storage at least: less is not worth the requests.</summary>
    private static readonly TimeSpan ShortestPostponement = TimeSpan.FromSeconds(5);

    /// <summary>Lines that may wait in memory where few may be in flight.</summary>
    private const int FewestWaiting = 64;

    private readonly UpstreamOptions _options = options.Value.Upstream;
    private readonly AnswerSizes _sizes = new();
    private readonly Verdicts _verdicts = new(options.Value.Upstream, record, time, random);
    private int _waiting;

    /// <summary>Begins a chunk's run, through which its lines ask for places.</summary>
    /// <inheritdoc cref="UpstreamGate.Join"/>
    public GateTurn Join(BatchKey batch, int chunk, int lines, double weight) => gate.Join(batch, chunk, lines, weight);

    /// <summary>Waits for a place in flight for the next line of a chunk.</summary>
    /// <returns>The place; or how long to wait in storage.</returns>
    public Task<GateAnswer> EnterAsync(GateTurn turn, LineState line, CancellationToken ct) =>
        gate.EnterAsync(turn, LineHistory.SuspicionOf(line.Breaks), leadsChunk: true, ct);

    /// <summary>Waits until a line may be held in memory, with the answer that is to be expected.</summary>
    /// <param name="lineBytes">The line's own bytes.</param>
    /// <param name="ct">Ends the wait.</param>
    public async ValueTask<LineMemory> TakeMemoryAsync(int lineBytes, CancellationToken ct) =>
        new(await memory.TakeAsync(lineBytes + _sizes.Expected, ct), lineBytes);

    /// <summary>There is less memory than was thought: less of it is given out from now on.</summary>
    public void MemoryRanOut()
    {
        memory.Lower();
        Log.MemoryRanOut(logger, memory.Total);
    }

    /// <summary>Sends a line, and sends it again where that may help.</summary>
    /// <param name="request">The line.</param>
    /// <param name="place">Its first place in flight, given back here.</param>
    /// <param name="ct">Ends the call, and the waiting.</param>
    /// <exception cref="UpstreamCancelledException">The caller cancelled.</exception>
    public async Task<UpstreamOutcome> SendAsync(UpstreamRequest request, UpstreamPlace place, CancellationToken ct)
    {
        var line = new LineHistory(request.State);
        try
        {
            var current = place;
            while (true)
            {
                var (reply, verdict) = await AttemptAsync(line, request, current, ct);
                if (verdict.IsFinal)
                {
                    return OutcomeOf(line, reply);
                }

                reply.Dispose();
                request.Memory.HoldLine();
                metrics.AttemptRepeated(reply.Name);
                if (verdict.Wait > _options.LongestWait)
                {
                    return Postponed(line, verdict.Wait);
                }

                var (next, wait) = await WaitAsync(place.Turn, line, request.Memory, verdict.Wait, ct);
                if (next is null)
                {
                    return Postponed(line, wait);
                }

                current = next;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw new UpstreamCancelledException(line.StateAt(record.LastThrough), ct);
        }
    }

    /// <summary>
    /// Waits until the line may be sent again, and for a place. Lines that wait are held in memory: no more of them than may be
    /// in flight, and those beyond wait in storage.
    /// </summary>
    private async Task<GateAnswer> WaitAsync(GateTurn turn, LineHistory line, LineMemory held, TimeSpan wait, CancellationToken ct)
    {
        if (Interlocked.Increment(ref _waiting) > Math.Max(gate.KnownLimit, FewestWaiting))
        {
            Interlocked.Decrement(ref _waiting);
            return new GateAnswer(null, wait > ShortestPostponement ? wait : ShortestPostponement);
        }

        try
        {
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, ct);
            }

            await held.HoldAnswerAsync(_sizes.Expected, ct);
            return await gate.EnterAsync(turn, line.Suspicion, leadsChunk: false, ct);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<(Reply Reply, Verdict Verdict)> AttemptAsync(
        LineHistory line, UpstreamRequest request, UpstreamPlace place, CancellationToken ct)
    {
        using (place)
        {
            using var span = BatchTracing.StartAttempt(request.Endpoint);
            var began = time.GetTimestamp();
            var reply = line.Suspicion >= UpstreamGate.Alone && await connection.FindDeadAsync(ct) is { } dead
                ? dead
                : await connection.PostAsync(request, ct);
            var took = time.GetElapsedTime(began);
            metrics.AttemptMade(reply.Name, took);
            span?.SetTag("batchfunctions.upstream.status", reply.Name);
            line.InFlight = gate.CompanyOf(place);
            line.Number = place.Number;
            if (reply is Reply.Answer { StatusCode: >= 200 and <= 299 } answer)
            {
                _sizes.Note(answer.Body.Bytes);
            }

            var verdict = _verdicts.Judge(line, reply, took);
            gate.Note(place, verdict, reply);
            return (reply, verdict);
        }
    }

    private UpstreamOutcome OutcomeOf(LineHistory line, Reply reply) => reply switch
    {
        Reply.Answer answer => new UpstreamOutcome.Answered(
            answer.StatusCode,
            answer.RequestId,
            answer.Body,
            answer.Body.Usage),
        Reply.TooLarge => new UpstreamOutcome.Failed(
            UpstreamOutcome.Failed.ResponseTooLarge,
            $"The upstream's response is larger than {_options.MaxResponseBytes} bytes."),
        Reply.TimedOut => new UpstreamOutcome.Failed(
            UpstreamOutcome.Failed.RequestTimeout,
            $"The upstream did not respond within {_options.Timeout.TotalSeconds:0.###} seconds."),
        Reply.Garbled garbled => new UpstreamOutcome.Failed(
            UpstreamOutcome.Failed.InvalidResponse,
            $"The upstream's response (status {garbled.StatusCode}) was cut off or cannot be decoded. It begins: {LastAnswer.Excerpt(garbled.Received)}"),
        _ => new UpstreamOutcome.Failed(
            UpstreamOutcome.Failed.UpstreamUnreachable,
            $"The connection to the upstream broke {line.Breaks} times before a response came, in the end with this request alone in flight, each time to an upstream that had answered just before."),
    };

    private UpstreamOutcome.Postponed Postponed(LineHistory line, TimeSpan wait) =>
        new(line.StateAt(record.LastThrough), wait < LongestPostponement ? wait : LongestPostponement);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The process's memory has run out. It holds {Bytes} bytes of lines and answers at most from now on: set Batch__MemoryBytes to less, or give it more memory.")]
        public static partial void MemoryRanOut(ILogger logger, long bytes);
    }
}
