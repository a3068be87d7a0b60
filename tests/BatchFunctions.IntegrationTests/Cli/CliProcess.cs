using System.Diagnostics;
using System.Text;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>The command line as a person runs it: a process of its own.</summary>
internal sealed class CliProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>
    /// What starts a program that hears Ctrl-C where these tests do not: a shell ignores it for what it runs in the background, and so does whatever
    /// that starts.
    /// </summary>
    private static readonly string[] Hearing = IgnoresInterrupts() ? ["env", "--default-signal=INT"] : [];

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly StringBuilder _errors = new();

    private CliProcess(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _ = line.Data is null ? _errors : _errors.AppendLine(line.Data);
            }
        };
        process.Start();
        process.BeginErrorReadLine();
        _output = process.StandardOutput.ReadToEndAsync();
    }

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    public static CliProcess Start(Uri baseUrl, string key, params string[] arguments) =>
        Start("dotnet", baseUrl, key, [Path.Combine(AppContext.BaseDirectory, "batch.dll"), .. arguments]);

    public static CliProcess Start(string program, Uri baseUrl, string key, string[] arguments)
    {
        string[] command = [.. Hearing, program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OPENAI_BASE_URL"] = baseUrl.ToString();
        start.Environment["OPENAI_API_KEY"] = key;
        return new CliProcess(new Process { StartInfo = start });
    }

    public Task UntilItSaysAsync(string text) => Eventually.UntilAsync(
        () => _process.HasExited && !Errors.Contains(text, StringComparison.Ordinal)
            ? throw new InvalidOperationException($"It has ended, and has said: {Errors}")
            : Errors.Contains(text, StringComparison.Ordinal),
        $"it says '{text}'");

    /// <summary>Does what Ctrl-C does in a terminal.</summary>
    public async Task InterruptAsync()
    {
        using var kill = Process.Start("sh", ["-c", $"kill -INT {_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public async Task<CliRun> EndAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        await _process.WaitForExitAsync(limit.Token);
        return new CliRun(_process.ExitCode, await _output, Errors);
    }

    private static bool IgnoresInterrupts()
    {
        const string Status = "/proc/self/status";
        const int Interrupt = 1 << (2 - 1);
        return File.Exists(Status)
            && File.ReadLines(Status).FirstOrDefault(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } ignored
            && (Convert.ToUInt64(ignored.Split('\t')[1], 16) & Interrupt) != 0;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
