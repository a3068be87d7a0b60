using System.Diagnostics;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// Azurite from npm, installed once from the lock file that comes with the self-host. If two processes start at the
/// same time, one installs and the other waits. The folder appears by a rename once it is complete, so that an
/// installation that was killed leaves nothing that looks complete.
/// </summary>
internal static class AzuriteInstallation
{
    private static readonly string Source = Path.Combine(AppContext.BaseDirectory, "Azurite", "npm");

    /// <summary>What npm is given. The last stands in the place of packages that are not used here, which are five sixths of all.</summary>
    private static readonly string[] Files = ["package.json", "package-lock.json", Path.Combine("absent", "package.json")];

    /// <summary>
    /// The script that runs Azurite; it comes with the build, and may be newer than the installation.
    /// </summary>
    public static string Launcher { get; } = Path.Combine(Source, "launch.cjs");

    /// <summary>Installs Azurite unless it is installed already.</summary>
    /// <param name="folder">The folder to install it in.</param>
    /// <param name="say">Tells the user what takes so long.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <exception cref="StartupException">Node.js is missing, or npm failed.</exception>
    public static async Task EnsureAsync(string folder, Action<string> say, CancellationToken ct)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        say("Installing the Azurite storage emulator from npm (once, up to a minute) …");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(folder))!);
        using var alone = await FolderLock.TakeAsync(folder + ".lock", ct);
        if (Directory.Exists(folder))
        {
            // Another process was faster.
            return;
        }

        var unfinished = folder + ".unfinished";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        foreach (var file in Files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(unfinished, file))!);
            File.Copy(Path.Combine(Source, file), Path.Combine(unfinished, file));
        }

        await RunNpmAsync(unfinished, ct);
        Directory.Move(unfinished, folder);
    }

    private static async Task RunNpmAsync(string folder, CancellationToken ct)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm")
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error" })
        {
            start.ArgumentList.Add(argument);
        }

        using var npm = NodePrograms.Start(start);
        npm.StandardInput.Close();
        try
        {
            var output = npm.StandardOutput.ReadToEndAsync(ct);
            var errors = await npm.StandardError.ReadToEndAsync(ct);
            await output;
            await npm.WaitForExitAsync(ct);
            if (npm.ExitCode != 0)
            {
                throw new StartupException(
                    $"npm could not install Azurite: {ReasonIn(errors)} (check the network and 'npm config get registry', or set AzureWebJobsStorage to a storage account).")
                {
                    Kind = FailureKind.Refused,
                };
            }
        }
        catch (OperationCanceledException)
        {
            npm.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>npm's output begins with the cause and ends with the place of its log.</summary>
    private static string ReasonIn(string errors)
    {
        var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => !line.StartsWith("npm warn", StringComparison.OrdinalIgnoreCase))
            .Take(3);
        return string.Join("; ", lines) is { Length: > 0 } reason ? reason : "no reason given";
    }
}
