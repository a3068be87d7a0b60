using System.Runtime.CompilerServices;

namespace BatchFunctions.Testing;

/// <summary>The repository's own files, which the tests read: what is documented is what is tested.</summary>
internal static class Repository
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));

    /// <summary>Where a file or folder of the repository lies.</summary>
    /// <param name="path">From the top, with slashes.</param>
    public static string At(string path) => Path.Combine([Root, .. path.Split('/')]);

    private static string Here([CallerFilePath] string file = "") => file;
}
