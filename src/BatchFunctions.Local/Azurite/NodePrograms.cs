using System.ComponentModel;
using System.Diagnostics;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>Starts programs that come with Node.js.</summary>
internal static class NodePrograms
{
    /// <summary>Starts a program; if it is missing, the error says in one sentence what to install.</summary>
    /// <exception cref="StartupException">The program is not installed.</exception>
    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new StartupException(
                $"{NameOf(start)} is not installed or not on the PATH: install Node.js 20 or newer, with npm (https://nodejs.org), for the embedded storage, or set AzureWebJobsStorage to a storage account.",
                e);
        }
    }

    private static string NameOf(ProcessStartInfo start) =>
        Path.GetFileNameWithoutExtension(start.FileName) == "npm" && IsOnPath("node") ? "npm" : "Node.js";

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => new[] { program, $"{program}.exe" }.Select(name => Path.Combine(folder, name)))
            .Any(File.Exists);
}
