using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Lines;
using BatchFunctions.Upstream;

namespace BatchFunctions.Processing;

/// <summary>
/// Sends the lines of a claimed chunk that are not done, as the process's gate lets them through, and hands on what
/// comes of each. It sends no further line once it is told to drain, or once a line must wait or has met a fault.
/// </summary>
internal sealed class LineSender(
    Batch batch,
    Chunk claimed,
    ChunkInput input,
    UpstreamClient upstream,
    UpstreamGate gate,
    LinesLeft left,
    LineOutcomes outcomes) : IDisposable
{
    private readonly CancellationTokenSource _draining = new();
    private Exception? _fault;

    /// <summary>The first thing met that no rule covers; null when there was none.</summary>
    public Exception? Fault => Volatile.Read(ref _fault);

    /// <summary>Until when the lines that are left must wait; null when they need not.</summary>
    public DateTimeOffset? NotBefore => left.NotBefore;

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
            await using var stream = await input.OpenAsync(batch, claimed, stop.Token);
            using var reader = input.ReaderOf(stream, claimed);
            var index = 0;
            for (; await reader.ReadAsync(stop.Token); index++)
            {
                if (claimed.Done.Contains(index))
                {
                    continue;
                }

                var place = await gate.EnterAsync(stop.Token);
#pragma warning disable CA2000, CA2025 // The task itself disposes of the line, when it has come back.
                sent.Add(SendAsync(new LineInFlight(index, reader.Line, place), ct));
#pragma warning restore CA2000, CA2025
            }

            if (index != claimed.Lines)
            {
                throw new InvalidDataException(
                    $"Chunk {claimed.Number} of batch {batch.Id} has {index} lines, where validation saw {claimed.Lines}.");
            }
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

    private async Task SendAsync(LineInFlight line, CancellationToken ct)
    {
        try
        {
            var request = RequestLine.Parse(line.Content);
            var used = left.AttemptsOf(line.Index);
            var outcome = await upstream.SendAsync(new UpstreamRequest(batch.Endpoint, request.Body, used), ct);
            if (!Take(line.Index, request.CustomId, outcome))
            {
                await DrainAsync();
            }
        }
        catch (UpstreamCancelledException e)
        {
            left.Note(line.Index, e.Attempts);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The call is made again by the next run.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            await FaultAsync(e);
        }
        finally
        {
            line.Dispose();
        }
    }

    private bool Take(int line, string customId, UpstreamOutcome outcome)
    {
        try
        {
            return outcomes.Take(line, customId, outcome);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever there is about one answer that cannot be written down: it is that line's, and the chunk goes on.
            outcomes.TakeUnwritable(line, customId, outcome, e);
            return true;
        }
    }

    private async Task FaultAsync(Exception fault)
    {
        Interlocked.CompareExchange(ref _fault, fault, null);
        await DrainAsync();
    }
}
