using System.Diagnostics;
using System.Text;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>The command line as a person runs it: a process of its own.</summary>
internal sealed class CliProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

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
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
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

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
