using System.ComponentModel;
using System.Diagnostics;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>A Python 3 that has the package <c>requests</c>: Debian's, or whichever comes first on the path.</summary>
internal static class PythonProgram
{
    private static readonly string[] Candidates = ["/usr/bin/python3", "python3", "python"];

    /// <summary>Its path. On a Debian where it is missing it is installed, as the tests install what else they need.</summary>
    /// <exception cref="InvalidOperationException">There is none, and none can be installed.</exception>
    public static async Task<string> FindAsync()
    {
        if (await FirstAsync() is { } found)
        {
            return found;
        }

        await SucceedsAsync("apt-get", "update");
        await SucceedsAsync("apt-get", "install", "--yes", "--no-install-recommends", "python3-requests");
        return await FirstAsync() ?? throw new InvalidOperationException(
            "Python 3 with the package 'requests' is needed for this test: apt-get install python3-requests, or pip install requests.");
    }

    private static async Task<string?> FirstAsync()
    {
        foreach (var candidate in Candidates)
        {
            if (await SucceedsAsync(candidate, "-c", "import requests"))
            {
                return candidate;
            }
        }

        return null;
    }

    private static async Task<bool> SucceedsAsync(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            await Task.WhenAll(output, errors, process.WaitForExitAsync()).WaitAsync(TimeSpan.FromMinutes(3));
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
