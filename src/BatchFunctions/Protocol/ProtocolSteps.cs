namespace BatchFunctions.Protocol;

/// <summary>Told of each step as it is reached. Does nothing, but in a proof's own process.</summary>
internal class ProtocolSteps
{
    public virtual ValueTask ReachedAsync(ProtocolStep step, CancellationToken ct) => ValueTask.CompletedTask;
}
