using System.Runtime.CompilerServices;

namespace BatchFunctions.Simulation.Time;

/// <summary>
/// Waits until nothing is left to be done but what waits for an event. The process has one thread that does whatever is
/// asynchronous (see the project's file), and this is done by it too: where nothing is in its queue now, nothing is under way.
/// </summary>
internal sealed class Quiet : ICriticalNotifyCompletion, IThreadPoolWorkItem
{
    private Action? _next;

    /// <summary>Whether this runs on the one thread, and nothing waits for it.</summary>
    public bool IsCompleted => Thread.CurrentThread.IsThreadPoolThread && ThreadPool.PendingWorkItemCount == 0;

    /// <summary>Checks that the process has only one thread for all that is asynchronous.</summary>
    public static void Check()
    {
        ThreadPool.GetMaxThreads(out var most, out _);
        if (most != 1)
        {
            throw new InvalidOperationException($"The thread pool has up to {most} threads: start the program by its own file, so that its settings hold.");
        }
    }

    public Quiet GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        _next = continuation;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (ThreadPool.PendingWorkItemCount > 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        else
        {
            _next!();
        }
    }
}
