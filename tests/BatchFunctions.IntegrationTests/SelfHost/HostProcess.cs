using System.Diagnostics;
using System.Text;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>The self-host as a person runs it: a process of its own, told by its command line and environment.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private HostProcess(Process process) => _process = process;

    public string Output => Read(_output);

    public string Errors => Read(_errors);

    public int Id => _process.Id;

    public int ExitCode => _process.ExitCode;

    /// <summary>Runs a command to its end.</summary>
    public static Task<HostProcess> RunAsync(string[] arguments, params (string Name, string Value)[] settings) =>
        RunInAsync(null, arguments, settings);

    /// <summary>Runs a command to its end, in a folder.</summary>
    public static async Task<HostProcess> RunInAsync(
        string? folder, string[] arguments, params (string Name, string Value)[] settings)
    {
        var host = Start(arguments, settings, folder);
        await host.EndedAsync();
        return host;
    }

    /// <summary>Starts the service on a free port and waits until it has said how to try it.</summary>
    public static async Task<HostProcess> ServeAsync(string data, params (string Name, string Value)[] settings)
    {
        var host = Start(["--data", data, "--urls", "http://127.0.0.1:0"], settings);
        await Eventually.UntilAsync(
            () => host._process.HasExited ? throw new InvalidOperationException(host.Errors) : Task.FromResult(host.Output.Contains("  curl ", StringComparison.Ordinal)),
            TimeSpan.FromMinutes(5),
            "the service is up");
        return host;
    }

    /// <summary>The line of the output that begins so, without that beginning.</summary>
    public string LineAfter(string beginning) => Output
        .Split('\n', StringSplitOptions.TrimEntries)
        .First(line => line.StartsWith(beginning, StringComparison.Ordinal))[beginning.Length..];

    /// <summary>That it has ended with an error, of which it says one line.</summary>
    public void ShouldSayOneLine(string expected)
    {
        Assert.NotEqual(0, ExitCode);
        Assert.Contains(expected, Errors, StringComparison.Ordinal);
        Assert.Single(Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Ends it as a terminal does that is told to.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("sh", ["-c", $"kill -TERM {_process.Id}"]);
        await kill.WaitForExitAsync();
        await EndedAsync();
    }

    /// <summary>Ends it as a power cut does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await EndedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    /// <summary>Starts it. What the developer's own environment or local.settings.json says of storage and upstream does not count.</summary>
    private static HostProcess Start(string[] arguments, (string Name, string Value)[] settings, string? folder = null)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "BatchFunctions.SelfHost.dll"), .. arguments])
        {
            WorkingDirectory = folder ?? AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings.Prepend(("AzureWebJobsStorage", "")).Prepend(("Batch__Upstream__BaseUrl", "")))
        {
            start.Environment[name] = value;
        }

        var host = new HostProcess(new Process { StartInfo = start });
        host._process.OutputDataReceived += (_, line) => Append(host._output, line.Data);
        host._process.ErrorDataReceived += (_, line) => Append(host._errors, line.Data);
        host._process.Start();
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        return host;
    }

    private async Task EndedAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await _process.WaitForExitAsync(limit.Token);
    }

    private static void Append(StringBuilder text, string? line)
    {
        lock (text)
        {
            _ = line is null ? text : text.AppendLine(line);
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
