using BatchFunctions.Keys;
using BatchFunctions.Projects;

namespace BatchFunctions.SelfHost.Keys;

/// <summary>Makes keys, but none for a project that is being erased: it would outlive the project, and open the next of its name.</summary>
internal static class KeyCreation
{
    /// <summary>
    /// Makes a key. The project is looked at before and after: whoever erases it revokes the keys that there are once its row says so,
    /// and a key that was made in between is revoked here.
    /// </summary>
    /// <returns>The key itself, which nobody can show again.</returns>
    /// <exception cref="StartupException">The project is being erased.</exception>
    public static async Task<string> CreateAsync(
        ApiKeyStore keys, ProjectStore projects, string project, string label, TimeSpan? life, CancellationToken ct)
    {
        await CheckNotErasedAsync(projects, project, ct);
        var made = await keys.CreateAsync(project, label, life, ct);
        try
        {
            await CheckNotErasedAsync(projects, project, ct);
        }
        catch (StartupException)
        {
            await keys.RevokeAsync(made.Record.Id, ct);
            throw;
        }

        return made.Key;
    }

    private static async Task CheckNotErasedAsync(ProjectStore projects, string project, CancellationToken ct)
    {
        if ((await projects.FindAsync(project, ct)).ErasingSince is not null)
        {
            throw new StartupException($"The project '{project}' is being erased: make keys for it when 'projects list' shows it no more.")
            {
                Kind = FailureKind.Refused,
            };
        }
    }
}
