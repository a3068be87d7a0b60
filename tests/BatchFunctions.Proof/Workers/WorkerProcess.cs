using System.Collections.Concurrent;
using System.Diagnostics;

namespace BatchFunctions.Proof.Workers;

/// <summary>A worker as its proof sees it: started, frozen, woken, killed.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private const int LinesKept = 400;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WorkerProcess(Process process)
    {
        _process = process;
        process.EnableRaisingEvents = true;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException("The worker ended before it was ready."));
    }

    /// <summary>What it has written lately.</summary>
    public IEnumerable<string> Log => _log;

    public bool HasEnded => _process.HasExited;

    /// <summary>Starts a worker.</summary>
    /// <param name="settings">Settings, storage and upstream included.</param>
    /// <param name="fatal">The step that kills it; null for a plain worker.</param>
    public static WorkerProcess Start(IReadOnlyDictionary<string, string?> settings, string? fatal = null)
    {
        // Through the dotnet program: a test's output folder has the assembly, and no program of its name.
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(typeof(Worker).Assembly.Location);
        start.ArgumentList.Add(Worker.Command);
        if (fatal is not null)
        {
            start.ArgumentList.Add(fatal);
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var worker = new WorkerProcess(Process.Start(start) ?? throw new InvalidOperationException("dotnet is not there."));
        worker._process.BeginOutputReadLine();
        worker._process.BeginErrorReadLine();
        return worker;
    }

    /// <summary>Where it listens, once it does.</summary>
    /// <exception cref="InvalidOperationException">It ended before.</exception>
    public Task<Uri> ReadyAsync() => _ready.Task.WaitAsync(StartLimit);

    /// <summary>Waits for its end.</summary>
    /// <returns>Whether it ended in time.</returns>
    public async Task<bool> EndsWithinAsync(TimeSpan limit)
    {
        using var time = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(time.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>SIGKILL; also ends one that is frozen.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP: it stands still, and its leases run out.</summary>
    public Task FreezeAsync() => SignalAsync("-STOP");

    /// <summary>SIGCONT: it goes on as if nothing had been.</summary>
    public Task WakeAsync() => SignalAsync("-CONT");

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    private void Note(string? line)
    {
        if (line is null)
        {
            return;
        }

        if (line.StartsWith(Worker.ReadyPrefix, StringComparison.Ordinal))
        {
            _ready.TrySetResult(new Uri(line[Worker.ReadyPrefix.Length..]));
        }

        _log.Enqueue(line);
        if (_log.Count > LinesKept)
        {
            _log.TryDequeue(out _);
        }
    }
}
