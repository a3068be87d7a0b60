using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>The operating system's process that Azurite runs in: one of our own, or one that another run has left.</summary>
internal sealed partial class AzuriteProcess
{
    private const int Sigterm = 15;
    private const int SaidLimit = 2000;

    /// <summary>How long it has for writing its indexes out when it was asked to end.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    /// <summary>A process's start time is read back to this accuracy; another process of the same id started at another time.</summary>
    private static readonly TimeSpan Accuracy = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly bool _isChild;
    private readonly StringBuilder _said = new();

    private AzuriteProcess(Process process, bool isChild)
    {
        _process = process;
        _isChild = isChild;
    }

    public int Id => _process.Id;

    public DateTime StartedAt => _process.StartTime.ToUniversalTime();

    /// <summary>
    /// Whether it has ended. A killed run's process is a child of the system's first one then, which in a container is
    /// often a program that never asks how its children ended, so that they stay zombies, and to .NET look alive.
    /// </summary>
    public bool HasEnded => _process.HasExited || IsZombie;

    private bool IsZombie
    {
        get
        {
            try
            {
                // The state follows the program's name, which stands in parentheses.
                return OperatingSystem.IsLinux()
                    && File.ReadAllText($"/proc/{_process.Id}/stat").Contains(") Z ", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    /// <summary>What it has said on its standard error, on one line; nothing of another run's process.</summary>
    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString().Trim();
            }
        }
    }

    /// <summary>Starts one.</summary>
    /// <exception cref="StartupException">Node.js is missing.</exception>
    public static AzuriteProcess Start(ProcessStartInfo start)
    {
        // Pipes of its own: what inherited ours would keep whoever reads our output waiting for its end.
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var started = new AzuriteProcess(NodePrograms.Start(start), isChild: true);

        // Read always: a full pipe would stop it.
        started._process.OutputDataReceived += static (_, _) => { };
        started._process.ErrorDataReceived += (_, line) => started.Hear(line.Data);
        started._process.BeginOutputReadLine();
        started._process.BeginErrorReadLine();
        return started;
    }

    /// <summary>The process that a data folder tells of; null when it has ended.</summary>
    public static AzuriteProcess? Find(AzuriteState state)
    {
        try
        {
            var found = new AzuriteProcess(Process.GetProcessById(state.ProcessId), isChild: false);
            return !found.HasEnded && (found.StartedAt - state.StartedAt).Duration() < Accuracy ? found : null;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // There is none, or it is another user's, as ours cannot be.
            return null;
        }
    }

    /// <summary>Asks it to end, and ends it if it does not.</summary>
    public async Task EndAsync()
    {
        // .NET itself can only end a process the hard way.
        if (!HasEnded && (OperatingSystem.IsWindows() || Kill(_process.Id, Sigterm) != 0))
        {
            _process.Kill();
        }

        using var limit = new CancellationTokenSource(EndLimit);
        try
        {
            await EndedAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await EndedAsync(CancellationToken.None);
        }
    }

    private async Task EndedAsync(CancellationToken ct)
    {
        if (_isChild)
        {
            // Where it has ended already, the last that it said is still to be read.
            await _process.WaitForExitAsync(ct);
            return;
        }

        while (!HasEnded)
        {
            await Task.Delay(Gap, ct);
        }
    }

    private void Hear(string? line)
    {
        lock (_said)
        {
            if (line is not null && _said.Length < SaidLimit)
            {
                _said.Append(line).Append(' ');
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
