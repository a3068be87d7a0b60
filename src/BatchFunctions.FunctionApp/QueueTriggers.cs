using Azure.Storage.Queues.Models;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>
/// A trigger for each working queue, and the timer behind the sweep. The poison queues are left to the sweep.
/// </summary>
public sealed class QueueTriggers(BatchJobs jobs)
{
    [Function("queue_steps")]
    public Task StepAsync(
        [QueueTrigger(QueueNames.Steps, Connection = StorageClients.Connection)] QueueMessage message,
        CancellationToken ct) => jobs.StepAsync(message, ct);

    [Function("queue_chunk")]
    public Task ChunkAsync(
        [QueueTrigger(QueueNames.Chunk, Connection = StorageClients.Connection)] QueueMessage message,
        CancellationToken ct) => jobs.ChunkAsync(message, ct);

    [Function("timer_sweep")]
    public Task SweepTimerAsync(
        [TimerTrigger(BatchJobs.SweepSchedule)] TimerInfo timer,
        CancellationToken ct) => jobs.SweepTimerAsync(ct);
}
