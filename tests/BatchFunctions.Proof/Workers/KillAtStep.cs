using System.Diagnostics;
using BatchFunctions.Protocol;

namespace BatchFunctions.Proof.Workers;

/// <summary>Kills its own process, as SIGKILL does, when a step of the protocol is reached for the nth time.</summary>
/// <param name="fatal">The step.</param>
/// <param name="count">Which time is the last.</param>
internal sealed class KillAtStep(ProtocolStep fatal, int count) : ProtocolSteps
{
    private int _left = count;

    public override async ValueTask ReachedAsync(ProtocolStep step, CancellationToken ct)
    {
        if (step == fatal && Interlocked.Decrement(ref _left) == 0)
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();

            // Whoever reached the step gets no further, however long the signal takes.
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
        }
    }
}
