using System.Buffers;
using System.Threading.RateLimiting;
using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Lines;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>How a run of a chunk came to its end.</summary>
internal enum ChunkRunEnd
{
    /// <summary>Every line is done, or closed: the row says so.</summary>
    Ended,

    /// <summary>Given up to another run; a message is owed.</summary>
    HandedOver,

    /// <summary>Another claim has overtaken this one; whoever holds it drives the chunk.</summary>
    Overtaken,
}

/// <summary>
/// One run of a claimed chunk: sends its lines, commits what has come back every few seconds, and watches for what ends
/// it: all lines done, a cancel or deadline, a wait that storage should do, the run's time, or a shutdown.
/// </summary>
internal sealed partial class ChunkRun(
    Batch batch,
    ChunkCheckpoints checkpoints,
    ChunkInput input,
    UpstreamClient upstream,
    UpstreamGate gate,
    BatchWatch watch,
    Func<CancellationToken, Task> progressed,
    BatchMetrics metrics,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger logger) : IDisposable
{
    /// <summary>Results that wait for a checkpoint come to no more than this before one is made early.</summary>
    private const long OpenBytesLimit = 4 * 1024 * 1024;

    /// <summary>How long the last checkpoint of a run that is shut down may take; the host leaves little more.</summary>
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(3);

    private readonly BatchOptions _options = options.Value;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _draining = new();
    private TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTimeOffset? _pauseUntil;
    private Exception? _fault;

    public async Task<ChunkRunEnd> RunAsync(CancellationToken ct)
    {
        using var calls = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var sending = SendAllAsync(calls.Token);
        bool stands;
        try
        {
            stands = await WatchAsync(sending, ct);
        }
        finally
        {
            // Whatever ended the watch: no call outlives its run.
            if (!sending.IsCompleted)
            {
                await calls.CancelAsync();
            }

            await sending;
        }

        if (!stands)
        {
            return ChunkRunEnd.Overtaken;
        }

        if (!ct.IsCancellationRequested)
        {
            return await FinishAsync(ct);
        }

        using var limit = new CancellationTokenSource(ShutdownLimit, time);
        return await FinishAsync(limit.Token);
    }

    public void Dispose() => _draining.Dispose();

    /// <summary>The row's status, as far as it can be read; a storage outage ends no run.</summary>
    private async Task<bool> StillRunsAsync()
    {
        try
        {
            return await watch.GetAsync(batch.Key, CancellationToken.None) is not { } now || now.Runs(time.GetUtcNow());
        }
        catch (Exception e) when (StorageFaults.IsFault(e))
        {
            return !batch.IsOverdue(time.GetUtcNow());
        }
    }

    private async Task<ChunkRunEnd> FinishAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return await CommitLastAsync(ct);
            }
            catch (Exception e) when (StorageFaults.IsFault(e) && !ct.IsCancellationRequested)
            {
                // The answers are paid for: they are kept until storage takes them, or another claim overtakes this one.
                Log.CommitFailed(logger, e, batch.Id, checkpoints.Chunk.Number);
                await Task.Delay(_options.StatusPoll, time, ct);
            }
        }
    }

    private async Task<ChunkRunEnd> CommitLastAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var current = await watch.GetAsync(batch.Key, ct) ?? batch;
        if (!await checkpoints.CommitSealedAsync(ct))
        {
            return ChunkRunEnd.Overtaken;
        }

        if (CloseReason.Of(current, now) is { } reason)
        {
            await checkpoints.AddUnfinishedAsync(segment =>
                input.AddUnfinishedAsync(batch, checkpoints.Chunk, reason, segment, ct));
        }

        var stood = await checkpoints.CommitLastAsync(
            chunk => chunk.Done.Count == chunk.Lines ? chunk.End() : chunk.Release(_pauseUntil ?? time.GetUtcNow()), ct);
        if (!stood)
        {
            return ChunkRunEnd.Overtaken;
        }

        if (checkpoints.Chunk.Ended)
        {
            return ChunkRunEnd.Ended;
        }

        // The message of a run that met a fault comes again by itself, and in the end goes to the poison queue.
        return _fault is { } fault ? throw new ChunkFaultException(fault) : ChunkRunEnd.HandedOver;
    }

    private async Task<bool> WatchAsync(Task sending, CancellationToken ct)
    {
        var began = time.GetUtcNow();
        var committed = began;
        while (!sending.IsCompleted && !ct.IsCancellationRequested)
        {
            await WaitAsync(sending, ct);
            var now = time.GetUtcNow();
            if (ct.IsCancellationRequested || !await StillRunsAsync() || now - began > _options.RunLimit + _options.Upstream.Timeout)
            {
                break;
            }

            if (now - began > _options.RunLimit)
            {
                await _draining.CancelAsync();
            }

            var due = now - committed >= _options.Checkpoint || checkpoints.OpenBytes >= OpenBytesLimit;
            if (!sending.IsCompleted && ((due && checkpoints.HasOpenLines) || checkpoints.IsRenewalDue))
            {
                committed = now;
                if (await TryCommitAsync(ct) is false)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private async Task WaitAsync(Task sending, CancellationToken ct)
    {
        using var delay = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(sending, Volatile.Read(ref _full).Task, Task.Delay(_options.StatusPoll, time, delay.Token));
        await delay.CancelAsync();
    }

    /// <returns>Whether the claim stands, as far as is known: a storage fault is tried again at the next checkpoint.</returns>
    private async Task<bool> TryCommitAsync(CancellationToken ct)
    {
        Volatile.Write(ref _full, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            var hadLines = checkpoints.HasOpenLines;
            if (!await checkpoints.CommitAsync(ct))
            {
                return false;
            }

            if (hadLines)
            {
                await progressed(ct);
            }
        }
        catch (Exception e) when (StorageFaults.IsFault(e) || ct.IsCancellationRequested)
        {
            Log.CommitFailed(logger, e, batch.Id, checkpoints.Chunk.Number);
        }

        return true;
    }

    /// <summary>Sends the lines that are not done, as the process's gate lets them through; ends when all have come back.</summary>
    private async Task SendAllAsync(CancellationToken ct)
    {
        var sent = new List<Task>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, _draining.Token);
        try
        {
            var chunk = checkpoints.Chunk;
            await using var stream = await input.OpenAsync(batch, chunk, stop.Token);
            using var reader = input.ReaderOf(stream, chunk);
            var index = 0;
            for (; await reader.ReadAsync(stop.Token); index++)
            {
                if (chunk.Done.Contains(index))
                {
                    continue;
                }

                var place = await gate.EnterAsync(stop.Token);
                var line = ArrayPool<byte>.Shared.Rent(reader.Line.Length);
                reader.Line.CopyTo(line);
#pragma warning disable CA2025 // The task itself gives the place back, when its line has come back.
                sent.Add(SendAsync(index, line, reader.Line.Length, place, ct));
#pragma warning restore CA2025
            }

            if (index != chunk.Lines)
            {
                throw new InvalidDataException(
                    $"Chunk {chunk.Number} of batch {batch.Id} has {index} lines, where validation saw {chunk.Lines}.");
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

    private async Task SendAsync(int index, byte[] line, int length, RateLimitLease place, CancellationToken ct)
    {
        try
        {
            var request = RequestLine.Parse(line.AsMemory(0, length));
            var used = checkpoints.Chunk.Attempts.GetValueOrDefault(index);
            var outcome = await upstream.SendAsync(new UpstreamRequest(batch.Endpoint, request.Body, used), ct);
            await TakeAsync(index, request.CustomId, outcome);
        }
        catch (UpstreamCancelledException e)
        {
            checkpoints.Note(index, e.Attempts);
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
            ArrayPool<byte>.Shared.Return(line);
            place.Dispose();
        }
    }

    private async Task TakeAsync(int index, string customId, UpstreamOutcome outcome)
    {
        var id = ChunkInput.LineIdOf(checkpoints.Chunk, index);
        switch (outcome)
        {
            case UpstreamOutcome.Answered { IsSuccess: true } answer:
                checkpoints.Add(index, segment =>
                {
                    OutputLine.WriteResponse(
                        segment.Output, id, customId, answer.StatusCode, answer.RequestId, answer.Body.Span);
                    segment.AddCompleted(index, answer.Usage);
                });
                metrics.LineEnded("completed");
                TokensUsed(answer.Usage);
                break;
            case UpstreamOutcome.Answered answer:
                checkpoints.Add(index, segment =>
                {
                    OutputLine.WriteResponse(
                        segment.Error,
                        id,
                        customId,
                        answer.StatusCode,
                        answer.RequestId,
                        answer.Body.Span,
                        answer.NotJson && answer.StatusCode is >= 200 and <= 299 ? NotJson : null);
                    segment.AddFailed(index, answer.Usage);
                });
                metrics.LineEnded("refused");
                TokensUsed(answer.Usage);
                break;
            case UpstreamOutcome.Failed failure:
                checkpoints.Add(index, segment =>
                {
                    OutputLine.WriteError(segment.Error, id, customId, failure.Code, failure.Message);
                    segment.AddFailed(index, default);
                });
                metrics.LineEnded(failure.Code);
                break;
            case UpstreamOutcome.Postponed postponed:
                checkpoints.Note(index, postponed.Attempts);
                await PauseAsync(postponed);
                break;
            default:
                throw new InvalidOperationException($"An outcome of the type {outcome.GetType().Name} has no rule.");
        }

        if (checkpoints.OpenBytes >= OpenBytesLimit)
        {
            Volatile.Read(ref _full).TrySetResult();
        }
    }

    private void TokensUsed(TokenUsage usage) =>
        metrics.TokensUsed(usage.Input, usage.CachedInput, usage.Output, usage.ReasoningOutput);

    private static (string Code, string Message)? NotJson =>
        ("invalid_response", "The upstream answered with a body that is not JSON.");

    private async Task PauseAsync(UpstreamOutcome.Postponed postponed)
    {
        var until = time.GetUtcNow() + postponed.Delay;
        lock (_lock)
        {
            _pauseUntil = _pauseUntil > until ? _pauseUntil : until;
        }

        metrics.ChunkPostponed(postponed.Reason.ToString());
        Log.Paused(logger, batch.Id, checkpoints.Chunk.Number, postponed.Reason, postponed.Delay);
        await _draining.CancelAsync();
    }

    private async Task FaultAsync(Exception fault)
    {
        Interlocked.CompareExchange(ref _fault, fault, null);
        await _draining.CancelAsync();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId}, chunk {Chunk}: a checkpoint failed and will be tried again.")]
        public static partial void CommitFailed(ILogger logger, Exception e, string batchId, int chunk);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId}, chunk {Chunk} waits in storage for {Delay}: {Reason}.")]
        public static partial void Paused(ILogger logger, string batchId, int chunk, PostponeReason reason, TimeSpan delay);
    }
}

/// <summary>A run met something that no rule covers; the lines that were answered are committed.</summary>
internal sealed class ChunkFaultException(Exception inner)
    : Exception("A chunk's run came to an end that it should not.", inner);
