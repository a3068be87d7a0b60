using System.ComponentModel;
using System.Diagnostics;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>A program that an example needs and .NET and Node.js do not bring: the machine's, or else Debian's package.</summary>
internal sealed class MachineProgram
{
    private readonly string[] _candidates;
    private readonly string[] _check;
    private readonly string _package;
    private readonly Lazy<Task<string>> _found;

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

    public static MachineProgram Curl { get; } = new("curl", ["--version"], "curl");

    /// <summary>Its path. On a Debian where it is missing it is installed, as the tests install what else they need.</summary>
    /// <exception cref="InvalidOperationException">There is none, and none can be installed.</exception>
    public Task<string> FindAsync() => _found.Value;

    private async Task<string> FindOrInstallAsync() =>
        await FirstAsync()
        ?? (await DebianPackages.InstallAsync(_package) ? await FirstAsync() : null)
        ?? throw new InvalidOperationException(
            $"This test needs {_candidates[^1]}, such that '{string.Join(' ', _check)}' works. On Debian it is in the package {_package}.");

    private async Task<string?> FirstAsync()
    {
        foreach (var candidate in _candidates)
        {
            if (await WorksAsync(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    private async Task<bool> WorksAsync(string program)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, _check) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            await Task.WhenAll(
                process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync(), process.WaitForExitAsync());
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
