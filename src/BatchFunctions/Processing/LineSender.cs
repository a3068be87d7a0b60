using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Lines;
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
        GateTurn? turn = null;
        try
        {
            var limits = await projects.LimitsOfAsync(batch.Tenant, stop.Token);
            turn = upstream.Join(batch.Key, claimed.Number, claimed.Lines - claimed.Done.Count, limits.Weight);
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

        await Task.WhenAll(sent);
        turn?.Dispose();
    }

    public void Dispose() => _draining.Dispose();

    private async Task SendEachAsync(GateTurn turn, List<Task> sent, CancellationToken stop, CancellationToken ct)
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
            if (await EnterAsync(turn, index, reader.Line, stop) is not var (line, place))
            {
                return;
            }

            // The rule asks for the line to be disposed of here: its task does it, when the line has come back.
#pragma warning disable CA2025
            sent.Add(SendAsync(line, place, ct));
#pragma warning restore CA2025
        }

        ChunkInput.CheckCount(claimed, index);
    }

    /// <summary>Waits until a line may be held in memory, and then for a place in flight.</summary>
    /// <returns>Null when its chunk must wait in storage.</returns>
    private async Task<(LineInFlight Line, UpstreamPlace Place)?> EnterAsync(
        GateTurn turn, int index, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var memory = await upstream.TakeMemoryAsync(content.Length, ct);
        try
        {
            var (place, wait) = await upstream.EnterAsync(turn, left.Of(index).State, ct);
            if (place is not null)
            {
                return (new LineInFlight(index, content, memory), place);
            }

            left.PutOff(time.GetUtcNow() + wait);
            memory.Dispose();
            return null;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private async Task SendAsync(LineInFlight line, UpstreamPlace place, CancellationToken ct)
    {
        using (line)
        using (place)
        {
            try
            {
                await SendAsync(line, ChunkInput.Parse(line.Content), place, ct);
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

    private async Task SendAsync(LineInFlight line, RequestLine request, UpstreamPlace place, CancellationToken ct)
    {
        var sent = new UpstreamRequest(batch.Endpoint, request.Body, line.Memory, left.Of(line.Index).State);
        using var outcome = await upstream.SendAsync(sent, place, ct);
        try
        {
            outcomes.Take(line.Index, request.CustomId, outcome, line.Memory);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever there is about one answer that cannot be written down: it is that line's, and the chunk goes on.
            outcomes.TakeUnwritable(line.Index, request.CustomId, outcome, e, line.Memory);
        }
    }

    /// <summary>What was answered is committed, and the chunk goes on when there is less in flight.</summary>
    private async Task MemoryRanOutAsync()
    {
        upstream.MemoryRanOut();
        left.PutOff(time.GetUtcNow() + OutOfMemoryWait);
        await DrainAsync();
    }

    private async Task FaultAsync(Exception fault)
    {
        Interlocked.CompareExchange(ref _fault, fault, null);
        await DrainAsync();
    }
}
