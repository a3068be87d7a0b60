using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Lines;
using BatchFunctions.Upstream;

namespace BatchFunctions.Processing;

/// <summary>
/// Sends the lines of a claimed chunk that are not done, as the process's gate lets them through, and hands on what comes of
/// each. A line that must wait keeps back itself alone; what goes wrong with one line's answer is that line's. It sends no
/// further line once it is told to drain, the gate has no place to give, or the chunk itself has met a fault.
/// </summary>
internal sealed class LineSender(
    Batch batch,
    Chunk claimed,
    ChunkInput input,
    UpstreamClient upstream,
    LinesLeft left,
    LineOutcomes outcomes,
    TimeProvider time) : IDisposable
{
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
        try
        {
            await SendEachAsync(sent, stop.Token, ct);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What has not been sent is left to the next run.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            await FaultAsync(e);
        }

        await Task.WhenAll(sent);
    }

    public void Dispose() => _draining.Dispose();

    private async Task SendEachAsync(List<Task> sent, CancellationToken stop, CancellationToken ct)
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

            var (place, wait) = await upstream.EnterAsync(left.Of(index).State, stop);
            if (place is null)
            {
                left.PutOff(time.GetUtcNow() + wait);
                return;
            }

            // Both rules that ask for the line to be disposed of here: its task does it, when the line has come back.
#pragma warning disable CA2000, CA2025
            sent.Add(SendAsync(new LineInFlight(index, reader.Line), place, ct));
#pragma warning restore CA2000, CA2025
        }

        ChunkInput.CheckCount(claimed, index);
    }

    private async Task SendAsync(LineInFlight line, UpstreamPlace place, CancellationToken ct)
    {
        using (line)
        using (place)
        {
            try
            {
                var request = ChunkInput.Parse(line.Content);
                await SendAsync(line.Index, request, place, ct);
            }
            catch (UpstreamCancelledException e)
            {
                left.Note(line.Index, e.Line, null);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                // The call is made again by the next run.
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                await FaultAsync(e);
            }
        }
    }

    private async Task SendAsync(int index, RequestLine request, UpstreamPlace place, CancellationToken ct)
    {
        var state = left.Of(index).State;
        var outcome = await upstream.SendAsync(
            new UpstreamRequest(batch.Endpoint, request.Body, state), place, ct);
        try
        {
            outcomes.Take(index, request.CustomId, outcome);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever there is about one answer that cannot be written down: it is that line's, and the chunk goes on.
            outcomes.TakeUnwritable(index, request.CustomId, outcome, e);
        }
    }

    private async Task FaultAsync(Exception fault)
    {
        Interlocked.CompareExchange(ref _fault, fault, null);
        await DrainAsync();
    }
}
