using System.Diagnostics;

namespace BatchFunctions.IntegrationTests;

/// <summary>Programs that tests need and the machine lacks, from Debian's packages, where they may be installed.</summary>
internal static class DebianPackages
{
    /// <summary>Tests that run side by side ask at the same time, and <c>apt-get</c> bears no company.</summary>
    private static readonly SemaphoreSlim OneAtATime = new(1);
    private static bool AreListsRead;

    /// <summary>
    /// Without manuals, which nobody reads here: each installation would have the index of all of them made anew, for four seconds of
    /// processor time.
    /// </summary>
    private static readonly string[] Options =
        ["-o", "DPkg::Lock::Timeout=300", "-o", "DPkg::Options::=--path-exclude=/usr/share/man/*"];

    /// <summary>Installs a package; what <c>apt-get</c> says goes to the console.</summary>
    /// <returns>Whether it is installed: it cannot be on another system, by another user than root, or without a mirror.</returns>
    public static async Task<bool> InstallAsync(string package)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/etc/debian_version"))
        {
            return false;
        }

        await OneAtATime.WaitAsync();
        try
        {
            AreListsRead = AreListsRead || await RunAsync("update", "-qq");
            return AreListsRead
                && await RunAsync(["install", "-qq", "--yes", "--no-install-recommends", .. Options, package]);
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    private static async Task<bool> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("apt-get", arguments);
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
