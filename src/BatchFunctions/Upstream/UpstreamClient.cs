using System.Text;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Upstream;

/// <summary>
/// Sends a line to an upstream that serves its model, as often as it takes, and says what came of it. When it may be sent, and to which
/// of several, is the gates' to say; what an answer means is decided in <see cref="Verdicts"/>, and everything here only obeys.
/// </summary>
/// <remarks>One file, though a long one: where a line waits and what it is answered are one course, told from its beginning to its end.</remarks>
internal sealed partial class UpstreamClient(
    UpstreamRegistry registry,
    ByteBudget memory,
    BatchMetrics metrics,
    TimeProvider time,
    ILogger<UpstreamClient> logger)
{
    /// <summary>The longest that a line is postponed for, whatever the upstream asks: then it is asked again.</summary>
    public static readonly TimeSpan LongestPostponement = TimeSpan.FromHours(1);

    /// <summary>How long a line waits in storage at least: less is not worth the requests.</summary>
    private static readonly TimeSpan ShortestPostponement = TimeSpan.FromSeconds(5);

    /// <summary>Lines that may wait in memory where few may be in flight.</summary>
    private const int FewestWaiting = 64;

    private readonly AnswerSizes _sizes = new();
    private int _waiting;

    /// <summary>Whether lines of one batch may go to different upstreams.</summary>
    public bool HasSeveral => registry.Upstreams.Count > 1;

    /// <summary>Whether nobody gets through to any upstream that serves a model.</summary>
    /// <param name="model">Its name; null where a batch has several: then to any at all.</param>
    public bool IsAway(string? model) => registry.EntriesOf(model).All(static upstream => upstream.Gate.State.IsAway);

    /// <summary>Begins a chunk's run, through which its lines ask for places.</summary>
    /// <inheritdoc cref="UpstreamTurn"/>
    public UpstreamTurn Join(BatchAtGate batch, int chunk, int lines, double weight, SendingLease lease) =>
        new(registry.Upstreams.Count, batch, chunk, lines, weight, lease);

    /// <summary>Who serves a line's model; null if nobody does.</summary>
    public UpstreamRoute? RouteOf(RequestLine line) => registry.RouteOf(line.Model.In(line.Body.Span));

    /// <summary>What becomes of a line whose model nobody serves.</summary>
    public UpstreamOutcome NotServed(RequestLine line)
    {
        var problem = LineProblem.ModelNotFound(Encoding.UTF8.GetString(line.Model.In(line.Body.Span)), registry.Known);
        return new UpstreamOutcome.Failed(problem.Code, problem.Message);
    }

    /// <summary>Waits for a place in flight for the next line of a chunk.</summary>
    /// <returns>The place; or how long to wait in storage.</returns>
    public async ValueTask<GateAnswer> EnterAsync(UpstreamTurn turn, UpstreamRoute route, LineState line, CancellationToken ct)
    {
        turn.See(route);
        var answer = await EnterAsync(turn, route.Doors, LineHistory.SuspicionOf(line.Breaks), leadsChunk: true, ct);
        turn.Done();
        return answer;
    }

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

    /// <summary>Sends a line, and sends it again where that may help: at once to another upstream that serves its model, where one cannot take it now.</summary>
    /// <param name="request">The line.</param>
    /// <param name="turn">Its chunk's run.</param>
    /// <param name="place">Its first place in flight, given back here.</param>
    /// <param name="drain">Ends the waiting: a line that was not taken is postponed then, and not sent again.</param>
    /// <param name="ct">Ends the call, and the waiting.</param>
    /// <exception cref="UpstreamCancelledException">The caller cancelled.</exception>
    public async Task<UpstreamOutcome> SendAsync(
        UpstreamRequest request, UpstreamTurn turn, UpstreamPlace place, CancellationToken drain, CancellationToken ct)
    {
        var line = new LineHistory(request.Line, request.State);
        var target = request.Route.TargetAt(place);
        try
        {
            var current = place;
            while (true)
            {
                target = request.Route.TargetAt(current);
                var (reply, verdict) = await AttemptAsync(line, request, target, current, ct);
                if (verdict.IsFinal)
                {
                    return UpstreamOutcome.Of(line, reply, target.Upstream);
                }

                reply.Dispose();
                request.Memory.HoldLine();
                metrics.AttemptRepeated(target.Upstream.Name, reply.Name);
                var answer = await AgainAsync(turn, request, line, target.Upstream, verdict, drain, ct);
                if (answer.Place is not { } next)
                {
                    return Postponed(line, target.Upstream, answer);
                }

                current = next;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw new UpstreamCancelledException(line.StateAt(target.Upstream.Record.LastThrough), ct);
        }
    }

    /// <summary>
    /// Waits until a line that was not taken may be sent again, and for a place. What an upstream cannot take now another may take at
    /// once; what is charged to the line waits wherever it goes next.
    /// </summary>
    /// <returns>The place; or how long to wait in storage.</returns>
    private async Task<GateAnswer> AgainAsync(
        UpstreamTurn turn,
        UpstreamRequest request,
        LineHistory line,
        UpstreamEntry refusing,
        Verdict verdict,
        CancellationToken drain,
        CancellationToken ct)
    {
        var now = time.GetUtcNow();

        // When an upstream that nobody gets through to is asked again is its gate's to say, however often this line has been refused.
        var isGates = verdict.Blame == Blame.Upstream && refusing.Gate.State.IsAway;
        line.GoTo(refusing.Index).Due = isGates ? now : now + verdict.Wait;
        var earliest = verdict.Blame == Blame.Upstream ? now : now + verdict.Wait;
        var all = request.Route.Targets
            .Select(target => (target.Upstream, Due: Later(line.DueAt(target.Upstream.Index), earliest)))
            .ToList();
        var soon = all.Where(one => one.Due - now <= one.Upstream.Options.LongestWait).ToList();
        var shortest = all.Min(static one => one.Due) - now;
        if (soon.Count == 0)
        {
            return new GateAnswer(null, shortest);
        }

        GateAnswer answer;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(drain, ct);
            answer = await WaitAsync(turn, line, request.Memory, soon, shortest, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new GateAnswer(null, Later(now + shortest - time.GetUtcNow(), TimeSpan.Zero));
        }

        return answer.Place is null && soon.Count < all.Count
            ? answer with { IsAway = false, Wait = Sooner(answer.Wait, Later(all.Except(soon).Min(static one => one.Due) - now, TimeSpan.Zero)) }
            : answer;
    }

    /// <summary>
    /// Waits until the line may be sent again, and for a place. Lines that wait are held in memory: no more of them than may be
    /// in flight, and those beyond wait in storage.
    /// </summary>
    private async Task<GateAnswer> WaitAsync(
        UpstreamTurn turn, LineHistory line, LineMemory held, List<(UpstreamEntry Upstream, DateTimeOffset Due)> doors, TimeSpan wait, CancellationToken ct)
    {
        if (Interlocked.Increment(ref _waiting) > Math.Max(doors.Sum(static door => door.Upstream.Gate.KnownLimit), FewestWaiting))
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

            ct.ThrowIfCancellationRequested();
            await held.HoldAnswerAsync(_sizes.Expected, ct);
            return await EnterAsync(turn, doors, line.Suspicion, leadsChunk: false, ct);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Waits for a place. One that comes when the claim's lease has run out is given back until the claim is renewed.</summary>
    private async ValueTask<GateAnswer> EnterAsync(
        UpstreamTurn turn, IReadOnlyList<(UpstreamEntry Upstream, DateTimeOffset Due)> doors, int suspicion, bool leadsChunk, CancellationToken ct)
    {
        while (true)
        {
            var answer = doors is [var (only, _)]
                ? await only.Gate.EnterAsync(turn.At(only), suspicion, leadsChunk, ct)
                : await new SharedWait(turn, suspicion, leadsChunk, time).EnterAsync(doors, ct);
            if (answer.Place is not { } place || turn.Lease.IsHeld)
            {
                return answer;
            }

            place.Dispose();
            await turn.Lease.WhenHeldAsync(ct);
        }
    }

    private async Task<(Reply Reply, Verdict Verdict)> AttemptAsync(
        LineHistory line, UpstreamRequest request, UpstreamTarget target, UpstreamPlace place, CancellationToken ct)
    {
        using (place)
        {
            var upstream = target.Upstream;
            line.GoTo(upstream.Index);
            using var span = BatchTracing.StartAttempt(upstream.Name, request.Endpoint);
            var began = time.GetTimestamp();
            var reply = line.Suspicion >= UpstreamGate.Alone && await upstream.Connection.FindDeadAsync(ct) is { } dead
                ? dead
                : await upstream.Connection.PostAsync(request, target.Model, ct);
            var took = time.GetElapsedTime(began);
            metrics.AttemptMade(upstream.Name, reply.Name, took);
            span?.SetTag("batchfunctions.upstream.status", reply.Name);
            line.InFlight = upstream.Gate.CompanyOf(place);
            line.Number = place.Number;
            line.Sent = upstream.Gate.Sent;
            if (reply is Reply.Answer { StatusCode: >= 200 and <= 299 } answer)
            {
                _sizes.Note(answer.Body.Bytes);
            }

            var verdict = upstream.Verdicts.Judge(line, reply, took);
            upstream.Gate.Note(place, verdict, reply);
            return (reply, verdict);
        }
    }

    private static UpstreamOutcome.Postponed Postponed(LineHistory line, UpstreamEntry last, GateAnswer answer) =>
        new(line.StateAt(last.Record.LastThrough), Sooner(answer.Wait, LongestPostponement)) { IsAway = answer.IsAway };

    private static T Later<T>(T left, T right)
        where T : IComparable<T> => left.CompareTo(right) > 0 ? left : right;

    private static TimeSpan Sooner(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The process's memory has run out. It holds {Bytes} bytes of lines and answers at most from now on: set Batch__MemoryBytes to less, or give it more memory.")]
        public static partial void MemoryRanOut(ILogger logger, long bytes);
    }
}
