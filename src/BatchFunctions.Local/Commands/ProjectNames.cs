using BatchFunctions.Keys;

namespace BatchFunctions.SelfHost.Commands;

/// <summary>Names of projects as the commands take them.</summary>
internal static class ProjectNames
{
    /// <exception cref="StartupException">The text is no project's name.</exception>
    public static void Check(string project)
    {
        if (!ApiKeyStore.IsProjectName(project))
        {
            throw new StartupException(
                $"'{project}' is no project name: use 1 to 63 lower-case letters, digits and hyphens, the first no hyphen.");
        }
    }
}
