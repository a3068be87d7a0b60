using System.ComponentModel;
using System.Diagnostics;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>Azurite from npm, installed once from the lock file that comes with the self-host.</summary>
internal static class AzuriteInstallation
{
    private const string NodeMissing =
        "Node.js is not installed or not on the PATH: install Node.js 20 or newer (https://nodejs.org) for the embedded storage, or set AzureWebJobsStorage to a storage account.";

    private static readonly string[] Files = ["package.json", "package-lock.json"];

    /// <summary>The program that runs Azurite in its own folder; it comes with the build, and may be newer than the installation.</summary>
    public static string Launcher => Path.Combine(AppContext.BaseDirectory, "Azurite", "npm", "launch.cjs");

    /// <summary>Installs Azurite unless it is there. Two processes may do so at once: the second's copy is thrown away.</summary>
    /// <param name="folder">Where it belongs.</param>
    /// <param name="say">Tells the person what takes so long.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <exception cref="StartupException">Node.js is missing, or npm failed.</exception>
    public static async Task EnsureAsync(string folder, Action<string> say, CancellationToken ct)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        say("Installing the Azurite storage emulator from npm (once, about a minute) …");
        var staging = $"{folder}.{Environment.ProcessId}-{Guid.NewGuid():N}";
        Directory.CreateDirectory(staging);
        try
        {
            foreach (var file in Files)
            {
                File.Copy(Path.Combine(AppContext.BaseDirectory, "Azurite", "npm", file), Path.Combine(staging, file));
            }

            await RunNpmAsync(staging, ct);
            Directory.Move(staging, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process was faster; what it has installed is the same.
        }
        finally
        {
            if (Directory.Exists(staging))
            {
                Directory.Delete(staging, recursive: true);
            }
        }
    }

    /// <summary>Starts a program, with one plain sentence when it is not there.</summary>
    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new StartupException(NodeMissing);
        }
        catch (Win32Exception e)
        {
            throw new StartupException(NodeMissing, e);
        }
    }

    private static async Task RunNpmAsync(string folder, CancellationToken ct)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error" })
        {
            start.ArgumentList.Add(argument);
        }

        using var npm = Start(start);
        try
        {
            var output = npm.StandardOutput.ReadToEndAsync(ct);
            var errors = await npm.StandardError.ReadToEndAsync(ct);
            await output;
            await npm.WaitForExitAsync(ct);
            if (npm.ExitCode != 0)
            {
                var reason = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault("no reason given");
                throw new StartupException(
                    $"npm could not install Azurite: {reason.Trim()} (check the network and 'npm config get registry', or set AzureWebJobsStorage to a storage account).");
            }
        }
        catch (OperationCanceledException)
        {
            npm.Kill(entireProcessTree: true);
            throw;
        }
    }
}
