using System.Collections.Concurrent;
using BatchFunctions.Protocol;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Holds, or breaks off, whoever reaches a step of the protocol.</summary>
internal sealed class ScriptedSteps : ProtocolSteps
{
    private readonly ConcurrentDictionary<ProtocolStep, Held> _held = new();
    private readonly ConcurrentDictionary<ProtocolStep, int> _crashes = new();

    /// <summary>How often each step was reached.</summary>
    public ConcurrentDictionary<ProtocolStep, int> Reached { get; } = new();

    /// <summary>Holds the next one who reaches the step until it is released.</summary>
    public Held HoldAt(ProtocolStep step) => _held[step] = new Held();

    /// <summary>
    /// Breaks off the next ones who reach the step, as a crash would: nothing after it is done, and the message comes
    /// back.
    /// </summary>
    public void CrashAt(ProtocolStep step, int times = 1) => _crashes[step] = times;

    public override async ValueTask ReachedAsync(ProtocolStep step, CancellationToken ct)
    {
        Reached.AddOrUpdate(step, 1, (_, count) => count + 1);
        var left = _crashes.AddOrUpdate(step, -1, (_, count) => count - 1);
        if (left >= 0)
        {
            throw new SimulatedCrashException(step);
        }

        if (_held.TryRemove(step, out var held))
        {
            await held.WaitAsync();
        }
    }

    internal sealed class Held
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task ReachedAsync() => _reached.Task.WaitAsync(TimeSpan.FromSeconds(60));

        public void Release() => _released.TrySetResult();

        internal Task WaitAsync()
        {
            _reached.TrySetResult();
            return _released.Task;
        }
    }
}

internal sealed class SimulatedCrashException(ProtocolStep step) : Exception($"Broken off at {step}.");
