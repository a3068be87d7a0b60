namespace BatchFunctions.Protocol;

/// <summary>Called at each step as it is reached. Does nothing outside of tests.</summary>
internal class ProtocolSteps
{
    public virtual ValueTask ReachedAsync(ProtocolStep step, CancellationToken ct) => ValueTask.CompletedTask;
}
