using System.ComponentModel;
using System.Diagnostics;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>A program that an example needs and .NET and Node.js do not bring: the machine's, or else Debian's package.</summary>
internal sealed class MachineProgram
{
    private readonly string[] _candidates;
    private readonly string[] _check;
    private readonly string _package;
    private readonly Lazy<Task<string?>> _found;

    private MachineProgram(string package, string[] check, params string[] candidates)
    {
        _package = package;
        _check = check;
        _candidates = candidates;
        _found = new(FindOrInstallAsync);
    }

    /// <summary>A Python 3 that has the package <c>requests</c>, Debian's before others.</summary>
    public static MachineProgram Python { get; } =
        new("python3-requests", ["-c", "import requests"], "/usr/bin/python3", "python3", "python");

    /// <summary>A Python 3 that has OpenAI's own client.</summary>
    public static MachineProgram PythonWithOpenAi { get; } =
        new("python3-openai", ["-c", "import openai"], "/usr/bin/python3", "python3", "python");

    public static MachineProgram Curl { get; } = new("curl", ["--version"], "curl");

    /// <summary>Its path. On a Debian where it is missing it is installed, as the tests install what else they need.</summary>
    /// <exception cref="InvalidOperationException">There is none, and none can be installed.</exception>
    public async Task<string> FindAsync() =>
        await TryFindAsync() ?? throw new InvalidOperationException(
            $"This test needs {_candidates[^1]}, such that '{string.Join(' ', _check)}' works. On Debian it is in the package {_package}.");

    /// <summary>Its path; null when there is none, and none can be installed.</summary>
    public Task<string?> TryFindAsync() => _found.Value;

    /// <summary>Whether a program is there and ends well.</summary>
    public static async Task<bool> SucceedsAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            await Task.WhenAll(
                process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync(), process.WaitForExitAsync());
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private async Task<string?> FindOrInstallAsync() =>
        await FirstAsync() ?? (await DebianPackages.InstallAsync(_package) ? await FirstAsync() : null);

    private async Task<string?> FirstAsync()
    {
        foreach (var candidate in _candidates)
        {
            if (await SucceedsAsync(candidate, _check))
            {
                return candidate;
            }
        }

        return null;
    }
}
