using Azure.Storage.Queues.Models;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp;

/// <summary>A trigger for each queue and its poison queue, and the timer behind the sweep.</summary>
public sealed class QueueTriggers(BatchJobs jobs)
{
    [Function("queue_validate")]
    public Task ValidateAsync(
        [QueueTrigger(QueueNames.Validate, Connection = StorageClients.Connection)] QueueMessage message,
        CancellationToken ct) => jobs.ValidateAsync(message, ct);

    [Function("queue_chunk")]
    public Task ChunkAsync(
        [QueueTrigger(QueueNames.Chunk, Connection = StorageClients.Connection)] QueueMessage message,
        CancellationToken ct) => jobs.ChunkAsync(message, ct);

    [Function("queue_advance")]
    public Task AdvanceAsync(
        [QueueTrigger(QueueNames.Advance, Connection = StorageClients.Connection)] QueueMessage message,
        CancellationToken ct) => jobs.AdvanceAsync(message, ct);

    [Function("queue_sweep")]
    public Task SweepAsync(
        [QueueTrigger(QueueNames.Sweep, Connection = StorageClients.Connection)] QueueMessage message,
        CancellationToken ct) => jobs.SweepAsync(message, ct);

    [Function("queue_validate_poison")]
    public Task ValidatePoisonAsync(
        [QueueTrigger(QueueNames.Validate + QueueNames.PoisonSuffix, Connection = StorageClients.Connection)] QueueMessage message,
        CancellationToken ct) => jobs.ValidatePoisonAsync(message, ct);

    [Function("queue_chunk_poison")]
    public Task ChunkPoisonAsync(
        [QueueTrigger(QueueNames.Chunk + QueueNames.PoisonSuffix, Connection = StorageClients.Connection)] QueueMessage message,
        CancellationToken ct) => jobs.ChunkPoisonAsync(message, ct);

    [Function("queue_advance_poison")]
    public Task AdvancePoisonAsync(
        [QueueTrigger(QueueNames.Advance + QueueNames.PoisonSuffix, Connection = StorageClients.Connection)] QueueMessage message,
        CancellationToken ct) => jobs.AdvancePoisonAsync(message, ct);

    [Function("queue_sweep_poison")]
    public Task SweepPoisonAsync(
        [QueueTrigger(QueueNames.Sweep + QueueNames.PoisonSuffix, Connection = StorageClients.Connection)] QueueMessage message,
        CancellationToken ct) => jobs.SweepPoisonAsync(message, ct);

    [Function("timer_sweep")]
    public Task SweepTimerAsync(
        [TimerTrigger(BatchJobs.SweepSchedule)] TimerInfo timer,
        CancellationToken ct) => jobs.SweepTimerAsync(ct);
}
