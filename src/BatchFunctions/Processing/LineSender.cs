using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Projects;
using BatchFunctions.Upstream;

namespace BatchFunctions.Processing;

/// <summary>
/// Sends the lines of a claimed chunk that are not done, as the process's gate lets them through, and hands on what comes of
/// each. No line is sent whose answer could not be put away. A line that must wait keeps back itself alone; what goes wrong with one line's answer is that line's. It sends no
/// further line once it is told to drain, the gate has no place to give, or the chunk itself has met a fault.
/// </summary>
internal sealed class LineSender(
    Batch batch,
    Chunk claimed,
    ChunkInput input,
    UpstreamClient upstream,
    ProjectReader projects,
    LinesLeft left,
    LineResults results,
    LineOutcomes outcomes,
    SendingLease lease,
    TimeProvider time) : IDisposable
{
    /// <summary>How long a chunk waits that has met the end of the process's memory.</summary>
    private static readonly TimeSpan OutOfMemoryWait = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _draining = new();
    private Exception? _fault;

    /// <summary>The first thing met that no rule covers; null when there was none.</summary>
    public Exception? Fault => Volatile.Read(ref _fault);

    /// <summary>Sends no further line; those in flight may come back.</summary>
    public Task DrainAsync() => _draining.CancelAsync();

    /// <summary>
    /// Sends the lines. It ends when all that were sent have come back, and throws nothing: what went wrong is the
    /// <see cref="Fault"/>.
    /// </summary>
    /// <param name="ct">Ends the calls in flight, too.</param>
    public async Task SendAllAsync(CancellationToken ct)
    {
        var sent = new List<Task>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, _draining.Token);
        UpstreamTurn? turn = null;
        try
        {
            var limits = await projects.LimitsOfAsync(batch.Tenant, stop.Token);
            var known = new BatchAtGate(batch.Key, batch.Model, batch.ExpiresAt);
            turn = upstream.Join(known, claimed.Number, claimed.Lines - claimed.Done.Count, limits.Weight, lease);
            await SendEachAsync(turn, sent, stop.Token, ct);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What has not been sent is left to the next run.
        }
        catch (OutOfMemoryException)
        {
            await MemoryRanOutAsync();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            await FaultAsync(e);
        }
        finally
        {
            await Task.WhenAll(sent);
            turn?.Dispose();
        }
    }

    public void Dispose() => _draining.Dispose();

    private async Task SendEachAsync(UpstreamTurn turn, List<Task> sent, CancellationToken stop, CancellationToken ct)
    {
        await using var stream = await input.OpenAsync(batch, claimed, stop);
        using var reader = input.ReaderOf(stream, claimed);
        var index = 0;
        for (; await reader.ReadAsync(stop); index++)
        {
            if (claimed.Done.Contains(index) || left.Of(index).NotBefore > time.GetUtcNow())
            {
                continue;
            }

            await results.WhenRoomAsync(stop);
            await SendNextAsync(turn, sent, index, reader.Line, stop, ct);
            if (left.IsPutOff)
            {
                return;
            }
        }

        ChunkInput.CheckCount(claimed, index);
    }

    /// <summary>Waits until a line may be held in memory, and for a place in flight, and begins to send it.</summary>
    private async Task SendNextAsync(
        UpstreamTurn turn, List<Task> sent, int index, ReadOnlyMemory<byte> content, CancellationToken stop, CancellationToken ct)
    {
        LineInFlight? line = null;
        try
        {
            line = new LineInFlight(index, content, await upstream.TakeMemoryAsync(content.Length, stop));
            if (await EnterAsync(turn, line, stop) is var (request, place))
            {
                // Its task disposes of it, when the line has come back.
                sent.Add(SendAsync(line, request, turn, place, ct));
                line = null;
            }
        }
        finally
        {
            line?.Dispose();
        }
    }

    /// <summary>Waits for a place in flight for a line.</summary>
    /// <returns>Null when there is none: the line has ended, or is kept back, or its whole chunk must wait in storage.</returns>
    private async ValueTask<(UpstreamRequest Request, UpstreamPlace Place)?> EnterAsync(UpstreamTurn turn, LineInFlight line, CancellationToken ct)
    {
        var parsed = ChunkInput.Parse(line.Content);
        line.CustomId = parsed.CustomId;
        if (upstream.RouteOf(parsed) is not { } route)
        {
            using var outcome = upstream.NotServed(parsed);
            outcomes.Take(line.Index, parsed.CustomId, outcome, line.Memory);
            return null;
        }

        var known = left.Of(line.Index).State;
        var answer = await upstream.EnterAsync(turn, route, known, ct);
        if (answer.Place is { } place)
        {
            var key = new LineKey(batch.Key, claimed.Number, line.Index);
            return (new UpstreamRequest(key, batch.Endpoint, parsed.Body, line.Memory, route, parsed.Model, known), place);
        }

        PutOff(line.Index, known, time.GetUtcNow() + answer.Wait, answer.IsAway);
        return null;
    }

    /// <summary>Whether the chunk's lines may go to different upstreams.</summary>
    private bool GoDifferentWays => batch.Model is null && upstream.HasSeveral;

    /// <summary>
    /// Where all lines go the same way, the next one would fare no better than this one; else this one alone is kept back.
    /// </summary>
    private void PutOff(int line, LineState known, DateTimeOffset until, bool isAway)
    {
        if (GoDifferentWays)
        {
            left.Note(line, known, until);
        }
        else
        {
            left.PutOff(until, isAway);
        }
    }

    private async Task SendAsync(LineInFlight line, UpstreamRequest request, UpstreamTurn turn, UpstreamPlace place, CancellationToken ct)
    {
        using (line)
        using (place)
        {
            try
            {
                await SendAndTakeAsync(line, request, turn, place, ct);
            }
            catch (UpstreamCancelledException e)
            {
                left.Note(line.Index, e.Line, null);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                // The call is made again by the next run.
            }
            catch (OutOfMemoryException)
            {
                await MemoryRanOutAsync();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                await FaultAsync(e);
            }
        }
    }

    private async Task SendAndTakeAsync(
        LineInFlight line, UpstreamRequest request, UpstreamTurn turn, UpstreamPlace place, CancellationToken ct)
    {
        var outcome = await upstream.SendAsync(request, turn, place, _draining.Token, ct);
        using var disposed = outcome;
        if (outcome is UpstreamOutcome.Postponed { IsAway: true } away && !GoDifferentWays)
        {
            // It is the chunk that waits, and not this line more than the others.
            left.PutOff(time.GetUtcNow() + away.Delay, isAway: true);
            outcome = away with { Delay = TimeSpan.Zero };
        }

        try
        {
            outcomes.Take(line.Index, line.CustomId, outcome, line.Memory);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever there is about one answer that cannot be written down: it is that line's, and the chunk goes on.
            outcomes.TakeUnwritable(line.Index, line.CustomId, outcome, e, line.Memory);
        }
    }

    /// <summary>What was answered is committed, and the chunk goes on when there is less in flight.</summary>
    private async Task MemoryRanOutAsync()
    {
        upstream.MemoryRanOut();
        left.PutOff(time.GetUtcNow() + OutOfMemoryWait, isAway: false);
        await DrainAsync();
    }

    private async Task FaultAsync(Exception fault)
    {
        Interlocked.CompareExchange(ref _fault, fault, null);
        await DrainAsync();
    }
}
