using BatchFunctions.Keys;
using BatchFunctions.Projects;

namespace BatchFunctions.SelfHost.Keys;

/// <summary>
/// The key of the project <c>local</c>. The embedded storage's data folder keeps it, readable only by its owner, so
/// that it can be printed again. Keys of a real account are never stored.
/// </summary>
internal static class LocalKey
{
    private const string Project = "local";
    private const string FileName = "local-key";

    /// <summary>The key that is kept, or one that is made and kept where there is none that works.</summary>
    /// <exception cref="StartupException">The project is being erased, and gets no key meanwhile; or none can be kept.</exception>
    public static async Task<string> EnsureAsync(ApiKeyStore keys, ProjectStore projects, string dataFolder, CancellationToken ct)
    {
        var path = Path.Combine(dataFolder, FileName);
        try
        {
            return await ReadAsync(keys, path, ct) ?? await MakeAsync(keys, projects, path, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The key of the project '{Project}' cannot be kept: {e.Message} Make one with 'keys add --project {Project}'.", e)
            {
                Kind = FailureKind.LocalFile,
            };
        }
    }

    private static async Task<string?> ReadAsync(ApiKeyStore keys, string path, CancellationToken ct)
    {
        if (!Path.Exists(path))
        {
            return null;
        }

        var kept = (await File.ReadAllTextAsync(path, ct)).Trim();
        return ApiKeyStore.IsKey(kept) && await keys.FindAsync(kept, ct) is { RevokedAt: null } ? kept : null;
    }

    /// <summary>Makes a key once its file is open: else there would be another at each start, and none kept.</summary>
    private static async Task<string> MakeAsync(ApiKeyStore keys, ProjectStore projects, string path, CancellationToken ct)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var file = new StreamWriter(path, options);
        var made = await KeyCreation.CreateAsync(keys, projects, Project, "made at the first start", life: null, ct);
        await file.WriteLineAsync(made.AsMemory(), ct);
        return made;
    }
}
